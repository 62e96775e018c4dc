/** Injection token of the {@link HotStore}. */
export const HOT_STORE = Symbol('HotStore');

/** Version of this server. */
export const VERSION = '0.1.0';
