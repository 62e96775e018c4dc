import type { Principal } from '../../kernel/principal.js';

/** Port: who is this? Bound by the auth feature; the guard knows nothing of keys and tokens. */
export abstract class Authenticator {
  /**
   * @param bearer the text after "Bearer "
   * @param ip the client's address, behind trusted proxies only
   * @throws {AppError} 401 with a code that says what is wrong
   */
  abstract authenticate(bearer: string, ip: string): Promise<Principal>;
}
