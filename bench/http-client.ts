// A load generator's HTTP client: one keep-alive connection, one request at a time, as little work
// as possible, because it shares the machine with the server it measures.

import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

export interface HttpClient {
  get(path: string): Promise<HttpAnswer>;
  /** Sends a JSON body under an idempotency key of its own. */
  post(path: string, body: string): Promise<HttpAnswer>;
  close(): void;
}

export interface HttpAnswer {
  readonly status: number;
  /** Head and body. */
  readonly text: string;
}

let clients = 0;

export async function openHttpClient(port: number, token?: string): Promise<HttpClient> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  clients += 1;
  const name = `${process.pid}-${performance.timeOrigin}-${clients}`;
  let count = 0;
  const who = token === undefined ? '' : `authorization: Bearer ${token}\r\n`;
  const head = (method: string, path: string): string =>
    `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${who}`;
  return {
    get: (path) => exchange(socket, `${head('GET', path)}\r\n`),
    post(path, body) {
      count += 1;
      const key = `idempotency-key: "${name}-${count}"\r\n`;
      const size = `content-length: ${Buffer.byteLength(body)}\r\n`;
      const type = 'content-type: application/json\r\n';
      return exchange(socket, `${head('POST', path)}${key}${type}${size}\r\n${body}`);
    },
    close: () => {
      socket.destroy();
    },
  };
}

function exchange(socket: Socket, request: string): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    let expected = -1;
    const finish = (error: Error | undefined): void => {
      socket.off('data', read);
      socket.off('close', lost);
      if (error !== undefined) reject(error);
    };
    const lost = (): void => {
      finish(new Error('the server closed the connection'));
    };
    const read = (chunk: Buffer): void => {
      chunks.push(chunk);
      length += chunk.length;
      if (expected < 0) expected = expectedLength(Buffer.concat(chunks));
      if (expected < 0 || length < expected) return;
      finish(undefined);
      const text = Buffer.concat(chunks).toString('latin1');
      resolve({ status: Number(text.slice(9, 12)), text });
    };
    socket.on('data', read);
    socket.on('close', lost);
    socket.write(request);
  });
}

function expectedLength(answer: Buffer): number {
  const end = answer.indexOf('\r\n\r\n');
  if (end < 0) return -1;
  const header = answer.toString('latin1', 0, end);
  const length = /^content-length: (\d+)$/im.exec(header)?.[1];
  if (length === undefined) throw new Error(`an answer without content-length: ${header}`);
  return end + 4 + Number(length);
}
