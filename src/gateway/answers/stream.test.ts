import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Type } from 'typebox';
import { Fault } from '#kernel';
import type { Problem } from '../problems.ts';
import { defineOperation } from '../routes.ts';
import type { Content, Route } from '../routes.ts';
import { limits, openTestGateway } from '../testing.ts';

let content: () => Content;
const route: Route = {
  method: 'GET',
  path: '/content',
  permission: 'things.all',
  operation: defineOperation({
    operationId: 'content',
    summary: 'Content',
    tags: ['things'],
    schema: { response: { 200: { description: 'It.', mediaType: 'text/x', body: Type.String() } } },
    handler: () => Promise.resolve({ status: 200, content: content() }),
  }),
};
const gateway = await openTestGateway({
  routes: [route],
  limits: { ...limits, httpStreamStallMs: 1_000, httpStreamsInFlightMax: 2 },
});
const { port, url } = await gateway.listen();
after(() => gateway.close());

const PIECE = Buffer.alloc(65_536, 'x');
const mediaType = 'text/x';

/** A source that tells what became of it. */
class Source {
  isBegun = false;
  given = 0;
  isEnded = false;
  readonly #pieces: () => AsyncIterable<Buffer | string>;

  constructor(pieces: () => AsyncIterable<Buffer | string>) {
    this.#pieces = pieces;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer | string> {
    this.isBegun = true;
    try {
      for await (const piece of this.#pieces()) {
        this.given += 1;
        yield piece;
      }
    } finally {
      this.isEnded = true;
    }
  }
}

async function* endless(): AsyncGenerator<Buffer> {
  for (;;) {
    await sleep(0);
    yield PIECE;
  }
}

async function* piecesOf(...pieces: (Buffer | string)[]): AsyncGenerator<Buffer | string> {
  for (const piece of pieces) {
    await sleep(0);
    yield piece;
  }
}

async function until(isSo: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !isSo(); tries += 1) {
    assert.ok(tries < 400, what);
    await sleep(10);
  }
}

/** A client that has asked the source, and takes nothing of the answer unless told to. */
async function asking(source: Source): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.pause();
  socket.write('GET /content HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await until(() => source.isBegun, 'the source is asked');
  return socket;
}

/** How many pieces were asked for, once no more are. */
async function givenAtRest(source: Source): Promise<number> {
  let given = -1;
  while (given !== source.given) {
    ({ given } = source);
    await sleep(200);
  }
  return given;
}

async function inFlight(): Promise<number> {
  const report = await (await fetch(`${url}/metrics`)).text();
  return Number(/^florin_http_requests_in_flight (\d+)$/m.exec(report)?.[1]);
}

test('text and bytes are sent whole, under their type, name and caching', async () => {
  content = () => ({ mediaType, body: 'žluťoučký' });
  const text = await fetch(`${url}/content`);
  assert.equal(await text.text(), 'žluťoučký');
  assert.equal(text.headers.get('content-type'), mediaType);
  assert.equal(text.headers.get('cache-control'), 'no-store');
  assert.equal(text.headers.get('content-disposition'), null);

  const bytes = Buffer.from([0, 255, 128, 10]);
  const cacheControl = 'public, max-age=60';
  content = () => ({ mediaType: 'application/x', body: bytes, fileName: 'a-1.bin', cacheControl });
  const binary = await fetch(`${url}/content`);
  assert.deepEqual(Buffer.from(await binary.arrayBuffer()), bytes);
  assert.equal(binary.headers.get('content-length'), '4');
  assert.equal(binary.headers.get('cache-control'), cacheControl);
  assert.equal(binary.headers.get('content-disposition'), 'attachment; filename="a-1.bin"');
});

test('a file name that could change the headers is a bug', async () => {
  content = () => ({ mediaType, body: 'x', fileName: 'a"\r\nx: y' });
  assert.equal((await fetch(`${url}/content`)).status, 500);
  const source = new Source(endless);
  content = () => ({ mediaType, body: source, fileName: '"' });
  const answer = await fetch(`${url}/content`);
  assert.deepEqual(
    [answer.status, ((await answer.json()) as Problem).code],
    [500, 'internal_error'],
  );
  await until(() => source.isEnded, 'and its source is ended');
});

test('pieces of text and bytes arrive in order, empty ones and none included', async () => {
  content = () => ({ mediaType, body: piecesOf('', 'á', PIECE, '', Buffer.alloc(0), 'z') });
  const answer = await fetch(`${url}/content`);
  assert.equal(answer.headers.get('transfer-encoding'), 'chunked');
  assert.equal(await answer.text(), `á${PIECE.toString()}z`);
  content = () => ({ mediaType, body: piecesOf() });
  const empty = await fetch(`${url}/content`);
  assert.deepEqual([empty.status, await empty.text()], [200, '']);
  assert.equal(empty.headers.get('content-type'), mediaType);
});

test('the source waits for its client, who is cut off when it takes nothing', async () => {
  const source = new Source(endless);
  content = () => ({ mediaType, body: source });
  const socket = await asking(source);
  const given = await givenAtRest(source);
  assert.ok(given < 400, `${given} pieces are in memory that nobody asked for`);
  await until(() => source.isEnded, 'the source is ended when the client takes nothing');
  assert.ok(source.given <= given + 1, 'nothing more was asked for');
  socket.destroy();
});

test('a slow client is served as long as it takes anything', async () => {
  const source = new Source(() => piecesOf(...Array.from({ length: 100 }, () => PIECE)));
  content = () => ({ mediaType, body: source });
  const answer = await fetch(`${url}/content`);
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += (chunk as Uint8Array).length;
    if (bytes % 20 === 0) await sleep(10);
  }
  assert.equal(bytes, 100 * PIECE.length);
  assert.ok(source.isEnded);
});

test('a client that is gone ends the source and is no request in flight', async () => {
  const source = new Source(endless);
  content = () => ({ mediaType, body: source });
  const socket = await asking(source);
  socket.destroy();
  await until(() => source.isEnded, 'the source is ended');
  assert.equal(await inFlight(), 1);

  const slow = new Source(async function* pieces() {
    await sleep(200);
    yield* endless();
  });
  content = () => ({ mediaType, body: slow });
  (await asking(slow)).destroy();
  await until(() => slow.isEnded, 'also when it leaves before the first piece');
  assert.equal(await inFlight(), 1);
});

test('a source that fails midway cuts the connection and is logged', async () => {
  const source = new Source(async function* pieces() {
    yield* piecesOf('one\n', PIECE);
    throw new Error('the disk is gone');
  });
  content = () => ({ mediaType, body: source });
  const answer = await fetch(`${url}/content`);
  assert.equal(answer.status, 200);
  await assert.rejects(answer.text(), 'half an answer is no answer');
  const line = gateway.lines.find((text) => text.includes('answer cut off')) ?? '';
  assert.match(line, /the disk is gone/);
  assert.match(line, /"route":"\/content"/);
});

test('a source that fails before its first piece has a problem document', async () => {
  const message = 'The database cannot be reached.';
  content = () => ({
    mediaType,
    fileName: 'all.txt',
    cacheControl: 'public',
    body: new Source(() => {
      throw new Fault('database_unavailable', { retryable: true, message });
    }),
  });
  const answer = await fetch(`${url}/content`);
  const problem = (await answer.json()) as Problem;
  assert.deepEqual([answer.status, problem.code], [503, 'database_unavailable']);
  assert.equal(answer.headers.get('content-disposition'), null);
  assert.equal(answer.headers.get('cache-control'), 'no-store');
});

test('HEAD asks nothing of the source', async () => {
  const source = new Source(endless);
  content = () => ({ mediaType, body: source, fileName: 'all.txt' });
  const answer = await fetch(`${url}/content`, { method: 'HEAD' });
  assert.deepEqual([answer.status, await answer.text()], [200, '']);
  assert.equal(answer.headers.get('content-type'), mediaType);
  assert.equal(source.given, 0);
});

test('more long answers at once than the limit are refused, until one ends', async () => {
  content = () => ({ mediaType, body: new Source(endless) });
  const controllers = [new AbortController(), new AbortController()];
  for (const { signal } of controllers) {
    assert.equal((await fetch(`${url}/content`, { signal })).status, 200);
  }
  const refused = await fetch(`${url}/content`);
  const problem = (await refused.json()) as Problem;
  assert.deepEqual([refused.status, problem.code], [503, 'overloaded']);
  for (const controller of controllers) controller.abort();
  content = () => ({ mediaType, body: piecesOf('x') });
  let status = 503;
  for (let tries = 0; status !== 200 && tries < 100; tries += 1) {
    await sleep(20);
    const again = await fetch(`${url}/content`);
    await again.text();
    status = again.status;
  }
  assert.equal(status, 200);
});
