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
    ]).toString();
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
    ])
      .toString()
      .split('\n');
    expect(lines[1]).toBe('Zoë 👩‍🔬       1');
    expect(lines[2]).toBe('abcde       1');
  });

  it('says something when there is nothing', () => {
    expect(table(columns, [], 'Nothing yet.').toString()).toBe('Nothing yet.');
  });

  it('lets no name of others move the cursor or recolour the terminal', () => {
    const text = table(columns, [{ name: 'a\u001b[2Jb\nc\u202e', amount: '1' }]).toString();
    expect(text).not.toMatch(/[\u001b\u202e]/);
    expect(text.split('\n')).toHaveLength(2);
    expect(printable('ok – ümlaut')).toBe('ok – ümlaut');
  });
});

describe('table on a terminal', () => {
  const rows = [{ name: 'Research', amount: '$12.50' }];
  const wide = [
    ...columns,
    { title: 'Id', value: () => '01a20864-c6b8', detail: true },
    { title: 'Made', value: () => '2026-11-23', detail: true },
  ];

  it('has every column where there is room', () => {
    expect(table(wide, rows).fit(80)).toEqual({
      text: 'NAME      AMOUNT  ID             MADE\nResearch  $12.50  01a20864-c6b8  2026-11-23',
      leftOut: [],
    });
  });

  it('leaves details out from the right, one by one, and says which', () => {
    expect(table(wide, rows).fit(40)).toEqual({
      text: 'NAME      AMOUNT  ID\nResearch  $12.50  01a20864-c6b8',
      leftOut: ['Made'],
    });
    expect(table(wide, rows).fit(20).leftOut).toEqual(['Id', 'Made']);
  });

  it('leaves out nothing that matters, however narrow it is', () => {
    expect(table(wide, rows).fit(5).text).toBe('NAME      AMOUNT\nResearch  $12.50');
  });
});

describe('facts', () => {
  it('go on below themselves when they are long', () => {
    const lines = facts([
      ['Role', 'owner'],
      ['May', Array.from({ length: 12 }, () => 'project:write').join(', ')],
    ]).split('\n');
    expect(lines).toHaveLength(4);
    expect(lines.every((line) => line.length <= 80)).toBe(true);
    expect(lines[2]).toMatch(/^ {6}project:write/);
  });

  it('lines up the values', () => {
    expect(
      facts([
        ['A', '1'],
        ['Long', '2'],
      ]),
    ).toBe('A     1\nLong  2');
  });
});
