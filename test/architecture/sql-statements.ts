import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import type { Tables } from './sql-rules.js';

/** What cannot be known without running: a table or column that is chosen at run time. */
export const UNKNOWN = ' unknown ';

export interface Statement {
  /** Below `src/`. */
  readonly file: string;
  readonly line: number;
  readonly sql: string;
}

const STATEMENT =
  /^\s*(select\s|insert\s+into\s|update\s+\w+\s+(\w+\s+)?set\s|delete\s+from\s|with\s+\w+\s+as\s)/i;

/** The source of the server, below `root`; migrations are no statements of it. */
export function sourceFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.includes(path.join('database', 'migrations')),
  );
}

/** Every SQL statement that is written out in the source, the constants in it put in. */
export function statementsOf(root: string): Statement[] {
  return sourceFiles(root).flatMap((file) =>
    statementsIn(file, readFileSync(path.join(root, file), 'utf8')),
  );
}

export function statementsIn(file: string, text: string): Statement[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const constants = constantsOf(source);
  const found: Statement[] = [];
  const visit = (node: ts.Node): void => {
    if (isText(node) && !(ts.isVariableDeclaration(node.parent) && isPart(node.parent, source))) {
      const sql = textOf(node, constants);
      if (STATEMENT.test(sql) && /\b(from|into|update)\b/i.test(sql)) {
        const { line } = source.getLineAndCharacterOfPosition(node.getStart());
        found.push({ file, line: line + 1, sql });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function isText(node: ts.Node): node is ts.StringLiteralLike | ts.TemplateExpression {
  return ts.isStringLiteralLike(node) || ts.isTemplateExpression(node);
}

/** Used within other statements only: there it is looked at, with what they add to it. */
function isPart({ name }: ts.VariableDeclaration, source: ts.SourceFile): boolean {
  const uses: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && node !== name && node.text === name.getText()) uses.push(node);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return uses.length > 0 && uses.every(({ parent }) => ts.isTemplateSpan(parent));
}

function constantsOf(source: ts.SourceFile): Map<string, ts.Expression> {
  const constants = new Map<string, ts.Expression>();
  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer)
      constants.set(node.name.text, node.initializer);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return constants;
}

function textOf(node: ts.Node, constants: ReadonlyMap<string, ts.Expression>): string {
  if (ts.isStringLiteralLike(node) || ts.isNumericLiteral(node)) return node.text;
  if (ts.isTemplateExpression(node)) {
    const spans = node.templateSpans.map(
      ({ expression, literal }) => textOf(expression, constants) + literal.text,
    );
    return node.head.text + spans.join('');
  }
  if (ts.isIdentifier(node)) {
    const value = constants.get(node.text);
    return value && value !== node ? textOf(value, constants) : UNKNOWN;
  }
  return UNKNOWN;
}

/** As the migrations make them: a table with an organization belongs to it, and `organizations` to itself. */
export function tablesOfMigrations(): Tables {
  const folder = path.resolve('src/platform/database/migrations');
  const tenant = new Set(['organizations']);
  const shared = new Set<string>();
  for (const file of readdirSync(folder)) {
    const text = readFileSync(path.join(folder, file), 'utf8');
    for (const [, name = '', columns = ''] of text.matchAll(/CREATE TABLE (\w+) \(([^;]*)\);/g)) {
      if (name === 'organizations') continue;
      (columns.includes('organization_id') ? tenant : shared).add(name);
    }
  }
  return { tenant, shared };
}
