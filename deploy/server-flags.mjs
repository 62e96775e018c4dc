/**
 * How Node runs the server, wherever it is started; the container's CMD states the same, and a test compares them.
 *
 * Little memory for what is new, so that each collection of it is short: no answer waits for ten milliseconds.
 */
export const SERVER_FLAGS = ['--max-semi-space-size=16', '--enable-source-maps'];
