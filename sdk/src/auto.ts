/**
 * `import '@iron-cage/sdk/auto'`: everything by environment variables. What runs before the first
 * `await` matters: modules that are imported after this one may construct their clients while it
 * still waits for the server, so placeholders and the patched `fetch` are in place by then.
 */
import { begin } from './core/iron-cage.js';

const { cage: connection, started } = begin({});
await started;

/** The connection of this process. */
export const cage = connection;
