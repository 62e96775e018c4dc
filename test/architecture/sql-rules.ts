/**
 * Rules for the statements of the money path, checked on their text: each table row that is read or written belongs to the organization
 * of `$1`, and nothing is used that a pooler in transaction mode or a sharded database cannot run.
 */
export interface Tables {
  /** Tables with an `organization_id`, and `organizations` by its `id`. */
  readonly tenant: ReadonlySet<string>;
  /** Tables that belong to no organization. */
  readonly shared: ReadonlySet<string>;
}

interface Token {
  readonly kind: 'word' | 'string' | 'number' | 'parameter' | 'symbol' | 'group';
  /** Words in lower case, unless they were quoted. */
  readonly text: string;
  readonly inner: readonly Token[];
}

/** Volatile in PostgreSQL: a shard would evaluate them for itself. What is stable (`now()`) is the same in the whole statement. */
const VOLATILE = new Set(
  'random setseed gen_random_uuid uuidv4 uuidv7 uuid_generate_v4 clock_timestamp timeofday nextval setval currval lastval set_config pg_sleep pg_notify txid_current pg_current_xact_id'.split(
    ' ',
  ),
);
const FORBIDDEN: readonly (readonly [RegExp, string])[] = [
  [/plpgsql/i, 'plpgsql'],
  [/^\s*do\b/i, 'DO'],
  [/\b(listen|unlisten|notify)\b|pg_notify/i, 'LISTEN or NOTIFY'],
  [/advisory/i, 'an advisory lock'],
  [/\b(temp|temporary|unlogged)\b/i, 'a temporary table'],
  [/^\s*(set|reset|discard)\b(?!\s+local\b)/i, 'a setting of the session'],
  [/\bset_config\b/i, 'a setting of the session'],
  [
    /^\s*(prepare|execute|deallocate|declare|fetch|move|close)\b|\bwith\s+hold\b/i,
    'a prepared statement or cursor',
  ],
  [
    /^\s*(create|alter|drop|truncate|grant|revoke|call|copy|lock|vacuum)\b/i,
    'a statement that is no query',
  ],
  [/\bcreate\s+(or\s+replace\s+)?(function|procedure|trigger)\b/i, 'a function of the database'],
];

/** One sentence for each rule that a statement breaks. */
export function findingsIn(sql: string, tables: Tables): string[] {
  const text = sql.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, ' ');
  const words = text.replace(/'(?:[^']|'')*'/g, "''");
  const findings = FORBIDDEN.filter(([pattern]) => pattern.test(words)).map(
    ([, what]) => `uses ${what}`,
  );
  const tokens = group(scan(text));
  if (
    /\b(insert\s+into|update|delete\s+from)\b/i.test(
      words.replace(/for\s+(no\s+key\s+)?update/gi, ''),
    )
  ) {
    for (const name of calls(tokens))
      if (VOLATILE.has(name))
        findings.push(`calls ${name}(), which is volatile, in a statement that writes`);
  }
  return [...findings, ...new Scope(tables).check(tokens)];
}

/** Only whose rows a statement touches: for what runs on one primary database, off the lease path. */
export function unboundIn(sql: string, tables: Tables): string[] {
  return new Scope(tables).check(group(scan(sql.replace(/--[^\n]*/g, ' '))));
}

function scan(sql: string): Token[] {
  const pattern =
    /\s+|("(?:[^"]|"")*")|('(?:[^']|'')*')|(\$\d+|\?)|([A-Za-z_][A-Za-z0-9_]*)|(\d+(?:\.\d+)?)|(::|<>|<=|>=|->>|->|\|\||[^\s])/gy;
  const tokens: Token[] = [];
  for (const [, quoted, string, parameter, word, number, symbol] of sql.matchAll(pattern)) {
    if (quoted !== undefined) tokens.push({ kind: 'word', text: quoted.slice(1, -1), inner: [] });
    else if (string !== undefined) tokens.push({ kind: 'string', text: string, inner: [] });
    else if (parameter !== undefined)
      tokens.push({ kind: 'parameter', text: parameter, inner: [] });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word.toLowerCase(), inner: [] });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number, inner: [] });
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol, inner: [] });
  }
  return tokens;
}

/** Puts what is in parentheses into one token. */
function group(tokens: readonly Token[]): Token[] {
  const stack: Token[][] = [[]];
  for (const token of tokens) {
    if (token.kind === 'symbol' && token.text === '(') {
      stack.push([]);
    } else if (token.kind === 'symbol' && token.text === ')') {
      const inner = stack.pop() ?? [];
      if (stack.length === 0) throw new Error('a parenthesis is closed that was not opened');
      stack.at(-1)?.push({ kind: 'group', text: '()', inner });
    } else {
      stack.at(-1)?.push(token);
    }
  }
  if (stack.length !== 1) throw new Error('a parenthesis is not closed');
  return stack[0] ?? [];
}

function* calls(tokens: readonly Token[]): Generator<string> {
  for (const [index, token] of tokens.entries()) {
    if (token.kind === 'group') yield* calls(token.inner);
    else if (token.kind === 'word' && tokens[index + 1]?.kind === 'group') yield token.text;
  }
}

interface Reference {
  readonly table: string;
  readonly alias: string;
}

const START = new Set(['select', 'insert', 'update', 'delete', 'with']);
const AFTER_TABLE = new Set(
  'where on using join left right inner outer full cross natural set values select returning order group limit for from union except intersect conflict do lateral having window offset default as and'.split(
    ' ',
  ),
);

/** One query with its own FROM; those in its parentheses see its aliases. */
class Scope {
  private readonly bound = new Set<string>();

  constructor(
    private readonly tables: Tables,
    private readonly outer?: Scope,
  ) {}

  check(tokens: readonly Token[]): string[] {
    const findings: string[] = [];
    const references = this.references(tokens);
    this.bind(tokens, references);
    for (const { table, alias } of references) {
      if (this.tables.shared.has(table) || !this.tables.tenant.has(table)) continue;
      if (!this.bound.has(alias))
        findings.push(
          `${table}${alias === table ? '' : ` ${alias}`} is not bound to the organization`,
        );
    }
    findings.push(...this.inserts(tokens));
    for (const inner of nested(tokens)) findings.push(...new Scope(this.tables, this).check(inner));
    return findings;
  }

  private references(tokens: readonly Token[]): Reference[] {
    const found: Reference[] = [];
    tokens.forEach((_token, index) => {
      if (!this.opensTable(tokens, index)) return;
      const name = tokens[index + 1]?.text === 'only' ? tokens[index + 2] : tokens[index + 1];
      if (name?.kind !== 'word' || tokens[index + 2]?.kind === 'group') return;
      if (!this.tables.tenant.has(name.text) && !this.tables.shared.has(name.text)) return;
      const after = tokens[index + 2]?.text === 'as' ? tokens[index + 3] : tokens[index + 2];
      const alias = after?.kind === 'word' && !AFTER_TABLE.has(after.text) ? after.text : name.text;
      found.push({ table: name.text, alias });
    });
    return found;
  }

  private opensTable(tokens: readonly Token[], index: number): boolean {
    const [token, before] = [tokens[index], tokens[index - 1]];
    if (token?.kind !== 'word') return token?.text === ',' && this.isInFrom(tokens, index);
    if (token.text === 'from') return before?.text !== 'distinct';
    if (token.text === 'update')
      return before?.text !== 'for' && before?.text !== 'do' && before?.text !== 'key';
    return token.text === 'join';
  }

  /** A comma between tables is a join. */
  private isInFrom(tokens: readonly Token[], index: number): boolean {
    const clauses = new Set([
      'from',
      'where',
      'select',
      'set',
      'order',
      'group',
      'values',
      'returning',
      'on',
    ]);
    return (
      tokens.slice(0, index).findLast(({ kind, text }) => kind === 'word' && clauses.has(text))
        ?.text === 'from'
    );
  }

  /** Aliases that a condition which always holds ties to `$1`, directly or through another one. */
  private bind(tokens: readonly Token[], references: readonly Reference[]): void {
    const columnOf = ({ table }: Reference): string =>
      table === 'organizations' ? 'id' : 'organization_id';
    const conditions = conjuncts(tokens);
    const named = (side: readonly Token[]): Reference | undefined => {
      const [a, dot, b] = side;
      if (side.length === 1)
        return references.length === 1
          ? references.find((one) => columnOf(one) === a?.text)
          : undefined;
      if (side.length !== 3 || dot?.text !== '.') return undefined;
      return references.find((one) => one.alias === a?.text && columnOf(one) === b?.text);
    };
    const isOrganization = (side: readonly Token[]): boolean => {
      if (side.length === 1 && side[0]?.text === '$1') return true;
      const local = named(side);
      if (local) return this.bound.has(local.alias);
      return (
        side.length === 3 &&
        side[2]?.text === 'organization_id' &&
        (this.outer?.binds(side[0]?.text ?? '') ?? false)
      );
    };
    for (let before = -1; before !== this.bound.size;) {
      before = this.bound.size;
      for (const condition of conditions) {
        const equals = condition.findIndex(({ kind, text }) => kind === 'symbol' && text === '=');
        if (equals < 0) continue;
        const [left, right] = [condition.slice(0, equals), condition.slice(equals + 1)];
        for (const [one, other] of [
          [left, right],
          [right, left],
        ] as const) {
          const reference = named(one);
          if (reference && isOrganization(other)) this.bound.add(reference.alias);
        }
      }
    }
  }

  private binds(alias: string): boolean {
    return this.bound.has(alias) || (this.outer?.binds(alias) ?? false);
  }

  /** What is written must say `$1` where the table says `organization_id`. */
  private inserts(tokens: readonly Token[]): string[] {
    return tokens.flatMap((token, index) => {
      if (token.text !== 'into' || token.kind !== 'word') return [];
      const table = tokens[index + 1]?.text ?? '';
      if (!this.tables.tenant.has(table)) return [];
      const start = tokens[index + 2]?.text === 'as' ? index + 4 : index + 2;
      const columns = tokens[start]?.kind === 'group' ? split(tokens[start].inner, ',') : [];
      const owner = table === 'organizations' ? 'id' : 'organization_id';
      const position = columns.findIndex(([column]) => column?.text === owner);
      const rest = tokens.slice(start + 1);
      const end = rest.findIndex(({ kind, text }) => kind === 'word' && text === 'on');
      const rows =
        rest[0]?.text === 'values'
          ? rest
              .slice(1, end < 0 ? undefined : end)
              .filter(({ kind }) => kind === 'group')
              .map(({ inner }) => inner)
          : [selected(rest)];
      const sound =
        position >= 0 &&
        rows.every(
          (row) =>
            split(row, ',')
              [position]?.map(({ text }) => text)
              .join('') === '$1',
        );
      return sound ? [] : [`${table} is written for an organization that is not $1`];
    });
  }
}

/** Queries in parentheses, however deep in expressions. */
function* nested(tokens: readonly Token[]): Generator<readonly Token[]> {
  for (const token of tokens) {
    if (token.kind !== 'group') continue;
    if (START.has(token.inner[0]?.text ?? '')) yield token.inner;
    else yield* nested(token.inner);
  }
}

function selected(tokens: readonly Token[]): readonly Token[] {
  const end = tokens.findIndex(({ kind, text }) => kind === 'word' && text === 'from');
  return tokens[0]?.text === 'select' ? tokens.slice(1, end < 0 ? undefined : end) : [];
}

/** Conditions of WHERE and of inner joins that must all hold. One that is OR-ed with another promises nothing. */
function conjuncts(tokens: readonly Token[]): readonly Token[][] {
  const ends = new Set(
    'order group limit for returning union except intersect having window offset on join left right inner full cross where set from'.split(
      ' ',
    ),
  );
  const found: Token[][] = [];
  tokens.forEach((token, index) => {
    if (token.kind !== 'word' || (token.text !== 'where' && token.text !== 'on')) return;
    if (tokens[index + 1]?.text === 'conflict') return;
    const length = tokens
      .slice(index + 1)
      .findIndex(({ kind, text }) => kind === 'word' && ends.has(text));
    found.push(...allOf(tokens.slice(index + 1, length < 0 ? undefined : index + 1 + length)));
  });
  return found;
}

function allOf(condition: readonly Token[]): Token[][] {
  if (condition.some(({ kind, text }) => kind === 'word' && (text === 'or' || text === 'not'))) {
    // `a AND (b OR c)` keeps its OR in a group; one that is seen here weakens everything beside it.
    return condition.some(({ text }) => text === 'or')
      ? []
      : split(condition, 'and').filter((one) => one[0]?.text !== 'not');
  }
  return split(condition, 'and').flatMap((one) =>
    one.length === 1 && one[0]?.kind === 'group' ? allOf(one[0].inner) : [one],
  );
}

function split(tokens: readonly Token[], by: string): Token[][] {
  const parts: Token[][] = [[]];
  for (const token of tokens) {
    if (token.text === by && token.kind !== 'string' && token.kind !== 'group') parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}
