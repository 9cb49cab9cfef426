import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { Agent, request as ask } from 'node:http';
import { after, before, test } from 'node:test';
import { randomOf } from './random.ts';
import {
  incomplete,
  insideIn,
  readDocument,
  undocumented,
  type DescribedOperation,
  type WireAnswer,
} from './edge/document.ts';
import { furnish, type Furniture } from './edge/furniture.ts';
import { requestTo, type WireRequest } from './edge/requests.ts';
import { openWholeBank, type WholeBank } from './edge/whole-bank.ts';

/** The same seed sends the same requests, but for the ids of what this bank happens to have. */
const seed = Number(process.env['FLORIN_SIMULATION_SEED'] ?? randomInt(2 ** 32));
const perOperation = Number(process.env['FLORIN_SIMULATION_REQUESTS'] ?? 40);
const LANES = 4;
/** More requests are given more time. */
const TIME_MAX_MS = 750 * perOperation;
const ANSWER_MAX_MS = 15_000;

let bank: WholeBank;
let alice: Furniture;
let operations: readonly DescribedOperation[];
const agent = new Agent({ keepAlive: true, maxSockets: LANES });

before(async () => {
  bank = await openWholeBank('fuzz');
  alice = await furnish(bank, 'alice');
  await bank.sequence();
  const { body } = await bank.ask('GET', '/openapi.json');
  operations = readDocument(body);
});
after(async () => {
  agent.destroy();
  await bank.close();
});

function send({ method, path, headers, body }: WireRequest): Promise<WireAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = ask(
      {
        agent,
        host: '127.0.0.1',
        port: bank.port,
        method,
        path,
        headers: {
          ...headers,
          ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
        },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text });
        });
      },
    );
    outgoing.setTimeout(ANSWER_MAX_MS, () => outgoing.destroy(new Error('there was no answer')));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Ids that the bank has, by prefix; those that answers told are added. */
const known = new Map<string, string[]>();
const KNOWN_MAX = 200;

function learn(text: string): void {
  for (const [id, prefix = ''] of text.matchAll(/\b([a-z]{3})_[0-9a-f]{8}-[0-9a-f-]{27}\b/g)) {
    const ids = known.get(prefix) ?? [];
    if (ids.length < KNOWN_MAX && !ids.includes(id)) known.set(prefix, [...ids, id]);
  }
}

const NOBODYS = '01980a3e-4c00-7000-8000-000000000001';

function filled(text: string): string {
  return text.replaceAll(/@([a-z]{3})#(\d+)@/g, (_, prefix: string, number: string) => {
    const ids = known.get(prefix) ?? [];
    return ids[Number(number) % (ids.length + 1)] ?? `${prefix}_${NOBODYS}`;
  });
}

/** What an answer has that no answer may have, or lacks. */
function flawsOf(
  operation: DescribedOperation,
  request: WireRequest,
  answer: WireAnswer,
): readonly string[] {
  const flaws: string[] = [];
  const { status } = answer;
  if (status >= 500 && status !== 503) flaws.push(`the status is ${status}`);
  const inside = insideIn(answer.text);
  if (inside !== undefined) flaws.push(`the body tells of the insides: ${inside}`);
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const asked = operations.find((one) => one.path === operation.path && one.method === method);
  const isHead = request.method === 'HEAD';
  // A path that was twisted may be that of another operation.
  const isElsewhere = request.kind === 'path' && status < 400;
  if (asked !== undefined && !isElsewhere) flaws.push(...undocumented(asked, answer, { isHead }));
  else if (status >= 400 && !isHead) flaws.push(...incomplete(answer));
  return flaws;
}

interface Sent {
  readonly operation: DescribedOperation;
  readonly request: WireRequest;
  /** Which of the tokens it is sent with; the first of them most of the time. */
  readonly caller: number;
}

const CALLERS = 6;

/** Every request of a run, in turns among the operations. */
function plan(): Sent[] {
  const random = randomOf(seed);
  const all: Sent[] = [];
  for (let turn = 0; turn < perOperation; turn += 1) {
    for (const operation of operations) {
      const caller = random.chance(0.8) ? 0 : random.below(CALLERS);
      all.push({ operation, request: requestTo(operation, random), caller });
    }
  }
  return all;
}

test('whatever is asked, the answer is one that the document describes', async (context) => {
  context.diagnostic(`FLORIN_SIMULATION_SEED=${seed}`);
  const all = plan();
  const staff = ['teller', 'approver', 'auditor', 'operator', 'administrator'];
  const tokens = [
    ...(await Promise.all([1, 2, 3, 4].map((n) => bank.token({ sub: `usr_${n}`, roles: staff })))),
    await alice.token(),
    // And one who names nobody.
    undefined,
  ];
  assert.equal(tokens.length, CALLERS);
  learn(alice.ids.join(' '));
  const flawed: string[] = [];
  const answered = new Map<string, number>();
  const statuses = new Map<number, number>();
  const startedMs = performance.now();
  let index = 0;
  const lane = async (): Promise<void> => {
    for (;;) {
      const next = all[index];
      index += 1;
      if (next === undefined || performance.now() - startedMs > TIME_MAX_MS) return;
      const { operation, request, caller } = next;
      const token = tokens[caller];
      const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const { body } = request;
      const sent = {
        ...request,
        path: filled(request.path),
        headers: { ...authorization, ...request.headers },
        body: typeof body === 'string' ? filled(body) : body,
      };
      const answer = await send(sent).catch((error: unknown) => {
        return { status: 0, headers: {}, text: String(error) };
      });
      if (answer.status < 300) learn(answer.text.slice(0, 10_000));
      if (answer.status < 300) answered.set(operation.id, (answered.get(operation.id) ?? 0) + 1);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      const flaws =
        answer.status === 0 ? ['there was no answer'] : flawsOf(operation, sent, answer);
      if (flaws.length > 0) {
        const asked = `${sent.kind}: ${sent.method} ${sent.path.slice(0, 300)}`;
        const { authorization: _, ...headers } = sent.headers as Record<string, string>;
        const told = `${JSON.stringify(headers).slice(0, 300)} ${String(sent.body).slice(0, 500)}`;
        const lines = [flaws.join('; '), asked, told, answer.text.slice(0, 400)];
        flawed.push(lines.join('\n  '));
      }
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  const counts = [...statuses].map(([status, count]) => `${status} ${count}x`);
  context.diagnostic(`${Math.min(index, all.length)} requests: ${counts.join(', ')}`);
  assert.deepEqual(flawed, [], `seed ${seed}\n${flawed.slice(0, 20).join('\n')}`);
  assert.deepEqual(bank.errors, [], 'the server logged mistakes of its own');
  // Otherwise all were refused at the door, and nothing behind it was tried.
  const reached = operations.filter(({ id }) => answered.has(id)).length;
  assert.ok(reached > operations.length / 2, `${reached} operations did what was asked`);
});
