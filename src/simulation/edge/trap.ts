// A server of somebody else on this machine, which answers as a test says and remembers what it was
// asked: whatever comes here, the bank sent.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Trap {
  readonly url: string;
  readonly asked: IncomingMessage[];
  close(): void;
}

export async function openTrap(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Trap> {
  const asked: IncomingMessage[] = [];
  const server: Server = createServer((request, response) => {
    asked.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
