import { type SchemaPath, validate } from '@angular/forms/signals';

const MOST = 50;
const LONGEST = 100;
const MODEL = /^[A-Za-z0-9._:/@*-]+$/;

/** "gpt-5*, claude-*" as a list; each name once. */
export function namesIn(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  return [...new Set(names.filter((name) => name !== ''))];
}

export const namesAsText = (names: readonly string[]): string => names.join(', ');

function listRule(path: SchemaPath<string>, wrong: (name: string) => string | undefined): void {
  validate(path, ({ value }) => {
    const names = namesIn(value());
    if (names.length > MOST) return { kind: 'names', message: `Enter at most ${MOST}.` };
    const tooLong = names.some((name) => name.length > LONGEST);
    if (tooLong) return { kind: 'names', message: `Use at most ${LONGEST} characters each.` };
    const message = names.map(wrong).find((found) => found !== undefined);
    return message === undefined ? undefined : { kind: 'names', message };
  });
}

export function modelsRule(path: SchemaPath<string>): void {
  listRule(path, (name) =>
    MODEL.test(name)
      ? undefined
      : `“${name}” is no model name. Separate names with commas; * stands for any characters.`,
  );
}

export function tagsRule(path: SchemaPath<string>): void {
  listRule(path, () => undefined);
}
