/** Injection token of the pepper of Iron Cage keys. */
export const KEY_PEPPER = Symbol('KeyPepper');
