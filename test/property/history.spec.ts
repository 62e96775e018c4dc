import { type Circumstances, type Query, readHistory } from './history.js';

interface Line {
  readonly kind: string;
  readonly available?: number;
  readonly reserved?: number;
  readonly spent?: number;
  readonly overdraft?: number;
  readonly lease?: string;
  readonly seq?: number;
}
const SCOPE = { budgetId: 'b', start: '2030-01-01' };

/** A book of one project under a budget of 100. Leases whose name starts with a dash are outside of it. */
async function faultsOf(
  book: readonly Line[],
  settlements: object[] = [],
  circumstances: Circumstances = {},
): Promise<string[]> {
  const entries = book.map((line, index) => ({
    id: `#${index}`,
    project: 'p',
    kind: line.kind,
    available: String(line.available ?? 0),
    reserved: String(line.reserved ?? 0),
    spent: String(line.spent ?? 0),
    overdraft: String(line.overdraft ?? 0),
    lease: line.lease ?? null,
    seq: line.seq ?? null,
    at: 1_000,
    scopes: line.lease === undefined || line.lease.startsWith('-') ? [] : [SCOPE],
    observed: false,
  }));
  const query = ((sql: string) => {
    if (sql.includes('current_setting')) return Promise.resolve([{ kept: 'off' }]);
    if (sql.includes('FROM ledger_entries')) return Promise.resolve(entries);
    if (sql.includes('FROM settlements')) return Promise.resolve(settlements);
    return Promise.resolve([{ id: 'b', limit: '100', raises: [] }]);
  }) as Query;
  return (await readHistory(query, 'o', circumstances)).faults.map((fault) =>
    fault.replace(/ of project p/, ''),
  );
}

const deposit = (amount: number): Line => ({ kind: 'DEPOSIT', available: amount });
const grant = (lease: string, amount: number): Line => ({
  kind: 'GRANT',
  lease,
  available: -amount,
  reserved: amount,
});
const back = (lease: string, amount: number): Line => ({
  kind: 'RETURN',
  lease,
  available: amount,
  reserved: -amount,
});
const late = (lease: string, amount: number, seq = 1): Line => ({
  kind: 'LATE',
  lease,
  seq,
  available: -amount,
  spent: amount,
});
const debt = (amount: number): Line => ({
  kind: 'OVERDRAFT',
  available: amount,
  overdraft: -amount,
});
const settle = (lease: string, amount: number, seq = 1): Line => ({
  kind: 'SETTLE',
  lease,
  seq,
  reserved: -amount,
  spent: amount,
});
const report = (lease: string, amount: number, seq = 1) => ({
  lease,
  seq,
  amount: String(amount),
  budgets: [{ ...SCOPE, amount }],
  scopes: [SCOPE],
  at: 1_000,
});

describe('the history of a book', () => {
  it('is sound when every point of it is', async () => {
    expect(
      await faultsOf(
        [
          deposit(500),
          grant('a', 60),
          settle('a', 20),
          back('a', 40),
          grant('b', 80),
          back('b', 80),
        ],
        [report('a', 20)],
      ),
    ).toEqual([]);
  });

  it('shows two grants that were together too much, though the end is clean', async () => {
    const book = [deposit(500), grant('a', 60), grant('b', 60), back('a', 60), back('b', 60)];
    expect(await faultsOf(book)).toEqual([
      'after GRANT #2: budget b from 2030-01-01 had 120 leased and 0 spent of 100',
    ]);
    expect(
      await faultsOf([deposit(500), grant('a', 60), back('a', 60), grant('b', 60), back('b', 60)]),
    ).toEqual([]);
  });

  it('shows a grant beside what was spent', async () => {
    const book = [deposit(500), grant('a', 60), settle('a', 50), back('a', 10), grant('b', 51)];
    expect(await faultsOf(book, [report('a', 50)])).toEqual([
      'after GRANT #4: budget b from 2030-01-01 had 51 leased and 50 spent of 100',
    ]);
    expect(await faultsOf([...book.slice(0, 4), grant('b', 50)], [report('a', 50)])).toEqual([]);
  });

  it('shows a free balance below zero, unless it is covered at once', async () => {
    expect(await faultsOf([deposit(10), grant('-a', 11)])).toEqual([
      'after GRANT #1: the free balance was -1',
    ]);
    expect(await faultsOf([deposit(10), grant('-a', 10), late('-a', 5), debt(5)])).toEqual([]);
    expect(
      await faultsOf([deposit(10), grant('-a', 10), late('-a', 5), back('-a', 10), debt(0)]),
    ).toContain('after LATE #2: the free balance was -5');
  });

  it('shows a grant during debt, but not in a dry run', async () => {
    const book = [deposit(10), grant('-a', 10), late('-a', 5), debt(5), grant('-b', 0)];
    expect(await faultsOf(book)).toEqual(['after GRANT #4: it was granted during debt']);
    expect(await faultsOf(book, [], { observed: new Set(['p']) })).toEqual([]);
  });

  it('shows more returned than was lent', async () => {
    expect(await faultsOf([deposit(10), grant('a', 5), back('a', 6)])).toEqual([
      'after RETURN #2: -1 was leased',
      'after RETURN #2: budget b held -1',
    ]);
  });

  it('counts a report on a charged remainder once', async () => {
    const charge: Line = { kind: 'CHARGE', lease: 'a', reserved: -60, spent: 60 };
    const book = [deposit(500), grant('a', 60), charge, grant('b', 40)];
    expect(await faultsOf(book, [report('a', 30)])).toEqual([]);
    expect(
      await faultsOf([...book, back('b', 40), grant('c', 41)], [report('a', 30)]),
    ).toHaveLength(1);
  });
});
