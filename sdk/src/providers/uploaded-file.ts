/** A file in a form. Its fields are not enumerable: nobody who looks for texts in a body walks through its bytes. */
export class UploadedFile {
  readonly #name: string;
  readonly #type: string;
  readonly #bytes: Uint8Array;

  constructor(file: { readonly name: string; readonly type: string; readonly bytes: Uint8Array }) {
    this.#name = file.name;
    this.#type = file.type;
    this.#bytes = file.bytes;
  }

  get name(): string {
    return this.#name;
  }

  get type(): string {
    return this.#type;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }
}
