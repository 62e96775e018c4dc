export interface AddressGroup {
  readonly name: string;
  readonly ranges: string[];
}

/** One group a line: `name: range, range`. */
export function groupsText(groups: readonly AddressGroup[]): string {
  return groups.map(({ name, ranges }) => `${name}: ${ranges.join(', ')}`).join('\n');
}

/** @returns the groups, or the first line that is none */
export function parseGroups(text: string): AddressGroup[] | string {
  const groups: AddressGroup[] = [];
  for (const line of text.split('\n').map((part) => part.trim())) {
    if (line === '') continue;
    // The name ends at the first colon: addresses may have more of them.
    const [, name = '', ranges = ''] = /^([^:]+):(.+)$/.exec(line) ?? [];
    const list = ranges
      .split(',')
      .map((range) => range.trim())
      .filter((range) => range !== '');
    if (name.trim() === '' || list.length === 0) return line;
    groups.push({ name: name.trim(), ranges: list });
  }
  return groups;
}
