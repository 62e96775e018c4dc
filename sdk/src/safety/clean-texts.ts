const CHARACTERS_MAX = 4_000_000;
const TEXT_MIN = 64;
const TEXT_MAX = 1_000_000;

/** Remembers texts in which nothing was found: agents send their whole history again with each call. */
export class CleanTexts {
  readonly #texts = new Set<string>();
  #characters = 0;

  has(text: string): boolean {
    return text.length >= TEXT_MIN && this.#texts.has(text);
  }

  add(text: string): void {
    if (text.length < TEXT_MIN || text.length > TEXT_MAX || this.#texts.has(text)) return;
    this.#texts.add(text);
    this.#characters += text.length;
    for (const oldest of this.#texts) {
      if (this.#characters <= CHARACTERS_MAX) return;
      this.#texts.delete(oldest);
      this.#characters -= oldest.length;
    }
  }
}
