import { connect, type Socket } from 'node:net';

/**
 * One keep-alive HTTP/1.1 connection with one request at a time: as lean as a load generator on the same cores has to be. It
 * understands just what the servers measured here answer: a status line and a Content-Length.
 */
export class Connection {
  private buffered: Buffer[] = [];
  private bytes = 0;
  private waiting:
    | {
        resolve: (answer: { status: number; body: string }) => void;
        reject: (error: Error) => void;
      }
    | undefined;

  private constructor(
    private readonly socket: Socket,
    private readonly host: string,
  ) {
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      this.receive(chunk);
    });
    socket.on('error', (error) => this.waiting?.reject(error));
    socket.on('close', () => this.waiting?.reject(new Error('the server closed the connection')));
  }

  static open(url: string): Promise<Connection> {
    const { hostname, port, host } = new URL(url);
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => {
        resolve(new Connection(socket, host));
      });
      socket.once('error', reject);
    });
  }

  /** @param headers whole lines, each with its line end */
  post(
    path: string,
    token: string,
    body: string,
    headers = '',
  ): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.socket.write(
        `POST ${path} HTTP/1.1\r\nHost: ${this.host}\r\nAuthorization: Bearer ${token}\r\n${headers}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
    });
  }

  close(): void {
    this.waiting = undefined;
    this.socket.destroy();
  }

  private receive(chunk: Buffer): void {
    this.buffered.push(chunk);
    this.bytes += chunk.length;
    const all = this.buffered.length === 1 ? chunk : Buffer.concat(this.buffered);
    this.buffered = [all];
    const end = all.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = all.toString('latin1', 0, end);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? NaN);
    if (this.bytes < end + 4 + length) return;
    this.buffered = [];
    this.bytes = 0;
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.resolve({
      status: Number(head.slice(9, 12)),
      body: all.toString('utf8', end + 4, end + 4 + length),
    });
  }
}
