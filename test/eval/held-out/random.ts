/** A seeded source of choices: the same seed makes the same texts everywhere. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** Mulberry32: at least 0, below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `least` to `most`, both possible. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  pick<T>(choices: readonly [T, ...T[]] | readonly T[]): T {
    const choice = choices[this.whole(0, choices.length - 1)];
    if (choice === undefined) throw new Error('nothing to choose from');
    return choice;
  }

  /** `length` characters out of `alphabet`. */
  text(length: number, alphabet: string): string {
    return Array.from({ length }, () => alphabet[this.whole(0, alphabet.length - 1)]).join('');
  }

  digits(length: number): string {
    return this.text(length, '0123456789');
  }

  hex(length: number): string {
    return this.text(length, '0123456789abcdef');
  }

  letters(length: number): string {
    return this.text(length, 'abcdefghijklmnopqrstuvwxyz');
  }

  /** Letters of both cases and digits, with some of each: as keys look. */
  key(length: number): string {
    const lower = 'abcdefghijklmnopqrstuvwxyz';
    const mixed = this.text(length - 3, `${lower}${lower.toUpperCase()}0123456789`);
    return `${this.text(1, lower)}${mixed}${this.text(1, lower.toUpperCase())}${this.digits(1)}`;
  }
}
