import { facts, printable, table } from '../../../src/cli/terminal/table.js';

interface Row {
  readonly name: string;
  readonly amount: string;
}
const columns = [
  { title: 'Name', value: (row: Row) => row.name },
  { title: 'Amount', value: (row: Row) => row.amount, alignRight: true },
];

describe('table', () => {
  it('lines up text at the left and money at the right', () => {
    const text = table(columns, [
      { name: 'Research', amount: '$12.50' },
      { name: 'QA', amount: '$0.000206' },
    ]);
    expect(text.split('\n')).toEqual([
      'NAME         AMOUNT',
      'Research     $12.50',
      'QA        $0.000206',
    ]);
  });

  it('counts characters as people do', () => {
    const lines = table(columns, [
      { name: 'Zoë 👩‍🔬', amount: '1' },
      { name: 'abcde', amount: '1' },
    ]).split('\n');
    expect(lines[1]).toBe('Zoë 👩‍🔬       1');
    expect(lines[2]).toBe('abcde       1');
  });

  it('says something when there is nothing', () => {
    expect(table(columns, [], 'Nothing yet.')).toBe('Nothing yet.');
  });

  it('lets no name of others move the cursor or recolour the terminal', () => {
    const text = table(columns, [{ name: 'a\u001b[2Jb\nc\u202e', amount: '1' }]);
    expect(text).not.toMatch(/[\u001b\u202e]/);
    expect(text.split('\n')).toHaveLength(2);
    expect(printable('ok – ümlaut')).toBe('ok – ümlaut');
  });
});

describe('facts', () => {
  it('lines up the values', () => {
    expect(
      facts([
        ['A', '1'],
        ['Long', '2'],
      ]),
    ).toBe('A     1\nLong  2');
  });
});
