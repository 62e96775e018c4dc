import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';

/** One record with where it stands. */
export interface Located<T> {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly record: T;
}

export interface ReadRecords<T> {
  readonly records: readonly Located<T>[];
  /** What could not be read, for people: file, line, and why. */
  readonly problems: readonly string[];
}

/** Reads files of one JSON record per line, compressed or not. A line that does not fit is a problem, not the end. */
export function readRecords<T>(files: readonly string[], schema: z.ZodType<T>): ReadRecords<T> {
  const records: Located<T>[] = [];
  const problems: string[] = [];
  for (const file of files) {
    const name = basename(file);
    let lines: string[];
    try {
      lines = readText(file).split('\n');
    } catch (error) {
      problems.push(`${name} cannot be read: ${error instanceof Error ? error.message : ''}`);
      continue;
    }
    for (const [index, text] of lines.entries()) {
      if (text.trim() === '') continue;
      const outcome = readRecord(text, schema);
      if (typeof outcome === 'string') problems.push(`${name}:${index + 1} ${outcome}`);
      else records.push({ file: name, line: index + 1, record: outcome.record });
    }
  }
  return { records, problems };
}

/** Tells on stderr what could not be read, and that it could not in the exit code. */
export function tellProblems(problems: readonly string[], most = 10): void {
  if (problems.length === 0) return;
  for (const problem of problems.slice(0, most)) process.stderr.write(`${problem}\n`);
  if (problems.length > most) process.stderr.write(`… and ${problems.length - most} more\n`);
  process.exitCode = 1;
}

/** All lines as they are. @throws an Error that names the first line that is not JSON */
export function readJsonLines(file: string): unknown[] {
  const { records, problems } = readRecords([file], z.unknown());
  if (problems[0] !== undefined) throw new Error(problems[0]);
  return records.map(({ record }) => record);
}

function readText(file: string): string {
  const bytes = readFileSync(file);
  const isCompressed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return (isCompressed ? gunzipSync(bytes) : bytes).toString('utf8').replace(/^\ufeff/, '');
}

function readRecord<T>(text: string, schema: z.ZodType<T>): { record: T } | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return 'is not JSON';
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { record: parsed.data };
  const [issue] = parsed.error.issues;
  return `does not fit: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`;
}
