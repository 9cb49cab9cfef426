// A way to a database that a test can cut, so that the database is there for others and not for
// whoever goes this way.

import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';

export interface Way {
  /** The same database, by this way. */
  readonly url: string;
  /** Ends every connection and takes no further one. */
  cut(): Promise<void>;
  restore(): Promise<void>;
  close(): Promise<void>;
}

export async function openWay(url: string): Promise<Way> {
  const target = targetOf(url);
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target);
    for (const [one, other] of [[near, far] as const, [far, near] as const]) {
      open.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  const listen = async (port: number): Promise<number> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const cut = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of open) socket.destroy();
    await closed;
  };
  const port = await listen(0);
  const near = new URL(url);
  near.searchParams.set('host', '127.0.0.1');
  near.searchParams.set('port', String(port));
  return {
    url: near.href,
    cut,
    async restore() {
      await listen(port);
    },
    close: cut,
  };
}

function targetOf(url: string): { path: string } | { host: string; port: number } {
  const { hostname, port, searchParams } = new URL(url);
  const host = searchParams.get('host') ?? hostname;
  const number = Number(searchParams.get('port') ?? (port === '' ? '5432' : port));
  return host.startsWith('/') ? { path: `${host}/.s.PGSQL.${number}` } : { host, port: number };
}
