import { exactUsd, nano } from '../../core/money';

/** "input $0.20, cache read $0.02, output $1.60" */
export function ratesText(rates: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(rates)
    .flatMap(([name, value]) =>
      value === undefined ? [] : [`${inWords(name)} ${exactUsd(nano(value))}`],
    )
    .join(', ');
}

const inWords = (name: string): string =>
  name.replace(/(?<=[a-z])(?=[A-Z0-9])/g, ' ').toLowerCase();
