// A load generator's HTTP client: one keep-alive connection, one request at a time, as little work
// as possible, because it shares the machine with the server it measures.

import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

export interface HttpClient {
  /** Sends a JSON body and answers the status and the text of the answer. */
  post(path: string, body: string): Promise<{ readonly status: number; readonly text: string }>;
  close(): void;
}

export async function openHttpClient(port: number): Promise<HttpClient> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  return {
    post: (path, body) => exchange(socket, port, path, body),
    close: () => {
      socket.destroy();
    },
  };
}

function exchange(
  socket: Socket,
  port: number,
  path: string,
  body: string,
): Promise<{ status: number; text: string }> {
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
    const size = Buffer.byteLength(body);
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n` +
        `content-type: application/json\r\ncontent-length: ${size}\r\n\r\n${body}`,
    );
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
