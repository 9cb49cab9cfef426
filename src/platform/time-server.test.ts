import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import test from 'node:test';
import { instantOfMs, manualClock, SECOND_US, type Instant } from '#kernel';
import {
  askTimeServer,
  medianOf,
  readTimeAnswer,
  timeRequest,
  type RoundTrip,
} from './time-server.ts';

const EPOCH_S = 2_208_988_800n;
const nonce = Buffer.from('0123456789abcdef', 'hex');
const sentAt = instantOfMs(Date.UTC(2026, 10, 21, 12));
const trip: RoundTrip = { sentAt, receivedAt: (sentAt + 20_000) as Instant, nonce };

function stamp(packet: Buffer, at: number, us: number): void {
  const fraction = ((BigInt(us) % 1_000_000n) << 32n) / 1_000_000n;
  packet.writeUInt32BE(Number((BigInt(us) / 1_000_000n + EPOCH_S) & 0xff_ff_ff_ffn), at);
  packet.writeUInt32BE(Number(fraction), at + 4);
}

interface Answering {
  readonly echo?: Buffer;
  readonly arrivedAt?: number;
  readonly leftAt?: number;
  readonly first?: number;
  readonly stratum?: number;
  readonly code?: string;
  readonly rootDelayS?: number;
}

function answerOf(given: Answering = {}): Buffer {
  const { arrivedAt = sentAt + 9_000, leftAt = sentAt + 11_000 } = given;
  const packet = Buffer.alloc(48);
  packet[0] = given.first ?? 0b00_100_100;
  packet[1] = given.stratum ?? 2;
  packet.writeUInt32BE((given.rootDelayS ?? 0) * 65_536, 4);
  packet.write(given.code ?? 'GPS', 12, 'latin1');
  (given.echo ?? nonce).copy(packet, 24);
  stamp(packet, 32, arrivedAt);
  stamp(packet, 40, leftAt);
  return packet;
}

test('a request is 48 bytes of version 4 in client mode, and tells nothing of our clock', () => {
  const packet = timeRequest(nonce);
  assert.equal(packet.length, 48);
  assert.equal(packet[0], 0x23);
  assert.deepEqual(packet.subarray(1, 40), Buffer.alloc(39));
  assert.deepEqual(packet.subarray(40), nonce);
});

test('the offset is our clock less the server, halfway, and right to half the delay', () => {
  const agreed = readTimeAnswer(answerOf(), trip);
  assert.deepEqual(agreed, { offsetUs: 0, delayUs: 18_000, stratum: 2 });
  const behind = { arrivedAt: sentAt + 9_000 - 700_000, leftAt: sentAt + 11_000 - 700_000 };
  const ahead = readTimeAnswer(answerOf(behind), trip);
  assert.deepEqual(ahead, { offsetUs: 700_000, delayUs: 18_000, stratum: 2 });
});

test('a time after the turn of the NTP era in 2036 is read as what it is', () => {
  const later = instantOfMs(Date.UTC(2036, 1, 8));
  const packet = answerOf({ arrivedAt: later + 500, leftAt: later + 500 });
  const answer = readTimeAnswer(packet, {
    sentAt: later,
    receivedAt: (later + 1_000) as Instant,
    nonce,
  });
  assert.deepEqual(answer, { offsetUs: 0, delayUs: 1_000, stratum: 2 });
});

const unusable: readonly (readonly [string, Buffer, RegExp])[] = [
  ['short', answerOf().subarray(0, 47), /too short/],
  ['from a client', answerOf({ first: 0b00_100_011 }), /server mode/],
  ['broadcast', answerOf({ first: 0b00_100_101 }), /server mode/],
  ['of version 3', answerOf({ first: 0b00_011_100 }), /another version/],
  ['to another request', answerOf({ echo: Buffer.alloc(8, 7) }), /another request/],
  ['of stratum 16', answerOf({ stratum: 16 }), /no reference/],
  ['with the leap alarm', answerOf({ first: 0b11_100_100 }), /not synchronised/],
  ['16 s from its root', answerOf({ rootDelayS: 32 }), /too far/],
  ['leaving before arriving', answerOf({ leftAt: sentAt }), /before it was asked/],
  ['held longer than the trip', answerOf({ leftAt: sentAt + 40_000 }), /longer than the round/],
];

for (const [name, packet, reason] of unusable) {
  test(`an answer ${name} is no answer`, () => {
    const answer = readTimeAnswer(packet, trip);
    assert.match(answer as string, reason);
  });
}

test('an answer without a time is no answer', () => {
  const packet = answerOf();
  packet.fill(0, 40, 48);
  assert.match(readTimeAnswer(packet, trip) as string, /lacks a time/);
});

test('the kiss of death stops the asking, but only from who saw the request', () => {
  assert.throws(() => readTimeAnswer(answerOf({ stratum: 0, code: 'RATE' }), trip), {
    code: 'time_server_refused',
    message: /RATE/,
  });
  const forged = answerOf({ stratum: 0, code: 'DENY', echo: Buffer.alloc(8, 1) });
  assert.match(readTimeAnswer(forged, trip) as string, /another request/);
});

test('the median is the sample with the middle offset', () => {
  const of = (offsetUs: number) => ({ offsetUs, delayUs: 1, stratum: 1 });
  assert.equal(medianOf([of(9_000_000), of(-3), of(5)])?.offsetUs, 5);
  assert.equal(medianOf([of(4), of(2)])?.offsetUs, 2);
  assert.equal(medianOf([]), undefined);
});

// A server on this machine, whose clock is as far from ours as the test wants.
async function timeServer(
  answer: (request: Buffer, count: number) => readonly Buffer[],
): Promise<{ port: number; socket: Socket }> {
  const socket = createSocket('udp4');
  let count = 0;
  socket.on('message', (request, from) => {
    for (const packet of answer(request, count)) socket.send(packet, from.port, from.address);
    count += 1;
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { port: socket.address().port, socket };
}

/** It stands still: how long the machine takes to answer is no offset. */
const clock = manualClock(sentAt);
const options = { samples: 5, timeoutMs: 500, pauseMs: 1 };

function replyTo(request: Buffer, behindUs: number, given: Answering = {}): Buffer {
  const at = clock.now() - behindUs;
  return answerOf({ echo: request.subarray(40, 48), arrivedAt: at, leftAt: at, ...given });
}

test('the median of several samples answers, whatever one of them says', async () => {
  const { port, socket } = await timeServer((request, count) => [
    replyTo(request, count === 1 ? 3_600 * SECOND_US : 2 * SECOND_US),
  ]);
  try {
    const sample = await askTimeServer({ host: '127.0.0.1', port }, clock, options);
    assert.equal(sample.offsetUs, 2 * SECOND_US);
    assert.equal(sample.stratum, 2);
  } finally {
    socket.close();
  }
});

test('forged answers do not keep the true one from being heard', async () => {
  const { port, socket } = await timeServer((request) => [
    Buffer.from('noise'),
    replyTo(request, 900 * SECOND_US, { echo: Buffer.alloc(8, 9) }),
    replyTo(request, SECOND_US),
  ]);
  try {
    const sample = await askTimeServer({ host: 'localhost', port }, clock, options);
    assert.equal(sample.offsetUs, SECOND_US);
  } finally {
    socket.close();
  }
});

test('when half of the samples fail, there is no answer but a reason', async () => {
  const { port, socket } = await timeServer((request, count) =>
    count % 2 === 0 ? [replyTo(request, 0, { first: 0b11_100_100 })] : [replyTo(request, 0)],
  );
  try {
    await assert.rejects(askTimeServer({ host: '127.0.0.1', port }, clock, options), {
      code: 'time_server_silent',
      message: /not synchronised/,
    });
  } finally {
    socket.close();
  }
});

test('a server that is not there is silent', async () => {
  const { port, socket } = await timeServer(() => []);
  socket.close();
  await assert.rejects(
    askTimeServer({ host: '127.0.0.1', port }, clock, { ...options, timeoutMs: 60 }),
    { code: 'time_server_silent' },
  );
  await assert.rejects(
    askTimeServer({ host: 'no-such-host.invalid', port }, clock, { ...options, timeoutMs: 60 }),
    { code: 'time_server_silent' },
  );
});

test('a server that asks not to be asked is asked once', async () => {
  let asked = 0;
  const { port, socket } = await timeServer((request) => {
    asked += 1;
    return [replyTo(request, 0, { stratum: 0, code: 'RATE' })];
  });
  try {
    await assert.rejects(askTimeServer({ host: '127.0.0.1', port }, clock, options), {
      code: 'time_server_refused',
    });
    assert.equal(asked, 1);
  } finally {
    socket.close();
  }
});
