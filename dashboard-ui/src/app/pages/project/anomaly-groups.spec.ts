import { groupsText, parseGroups } from './anomaly-groups';

describe('groups of addresses as text', () => {
  it('are read back as they were written', () => {
    const groups = [
      { name: 'Egress', ranges: ['203.0.113.0/28', '2001:db8:7::/48'] },
      { name: 'Office', ranges: ['198.51.100.7'] },
    ];
    expect(parseGroups(groupsText(groups))).toEqual(groups);
    expect(parseGroups('')).toEqual([]);
  });

  it('names the line that is no group', () => {
    expect(parseGroups('Egress: 10.0.0.0/8\n10.0.0.0/8')).toBe('10.0.0.0/8');
    expect(parseGroups('Egress:  ,')).toBe('Egress:  ,');
  });
});
