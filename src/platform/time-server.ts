// Asks a time server how far a clock is off: SNTP version 4 (RFC 5905 §14) over UDP. The clock is
// compared, never set. An answer that is not sane in every respect is no answer, because a wrong
// offset stands in the audit log for ever.

import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault, SECOND_US, type Clock, type Instant } from '#kernel';

export interface TimeServer {
  readonly host: string;
  readonly port: number;
}

/** One comparison of the clock with the server's. */
export interface TimeSample {
  /** How far the clock is ahead of the server. */
  readonly offsetUs: number;
  /** The round trip without the server's own time: the offset is right to half of it. */
  readonly delayUs: number;
  readonly stratum: number;
}

export interface AskOptions {
  readonly samples?: number;
  readonly timeoutMs?: number;
  readonly pauseMs?: number;
  /** Ends the asking, with the reason of the signal. */
  readonly signal?: AbortSignal | undefined;
}

/** When the request left and its answer came, by the clock that is compared. */
export interface RoundTrip {
  readonly sentAt: Instant;
  readonly receivedAt: Instant;
  /** What the request carried as its transmit timestamp, which the answer must repeat. */
  readonly nonce: Buffer;
}

const PACKET_BYTES = 48;
const VERSION = 4;
const MODE_CLIENT = 3;
const MODE_SERVER = 4;
const LEAP_UNSYNCHRONISED = 3;
const STRATUM_MAX = 15;
/** MAXDISP of RFC 5905: a server this far from its own reference knows nothing. */
const ROOT_DISTANCE_MAX_S = 16;
/** From 1900, the NTP era 0, to 1970. */
const EPOCH_S = 2_208_988_800;
const ERA_S = 2 ** 32;
const FRACTION = 2 ** 32;
const SHORT_FRACTION = 2 ** 16;

const SAMPLES = 5;
const TIMEOUT_MS = 1_000;
/** The pause between the packets of a burst that servers put up with (RFC 5905, BTIME). */
const PAUSE_MS = 2_000;

/**
 * The median of a few samples, of which more than half must have been answered well. Throws Fault
 * 'time_server_silent', or 'time_server_refused' when the server asks not to be asked.
 */
export async function askTimeServer(
  server: TimeServer,
  clock: Clock,
  options: AskOptions = {},
): Promise<TimeSample> {
  const { samples: wanted = SAMPLES, timeoutMs = TIMEOUT_MS, pauseMs = PAUSE_MS } = options;
  const { signal } = options;
  const samples: TimeSample[] = [];
  let complaint = 'it does not answer';
  for (let count = 0; count < wanted; count += 1) {
    if (count > 0) await sleep(pauseMs, undefined, signal === undefined ? {} : { signal });
    const sample = await askOnce(server, clock, timeoutMs);
    if (typeof sample === 'string') complaint = sample;
    else samples.push(sample);
  }
  const median = medianOf(samples);
  if (median !== undefined && samples.length * 2 > wanted) return median;
  throw new Fault('time_server_silent', {
    retryable: true,
    message: `The time server ${server.host} gave no usable time: ${complaint}.`,
  });
}

/** The sample with the middle offset, the earlier of two. */
export function medianOf(samples: readonly TimeSample[]): TimeSample | undefined {
  const sorted = samples.toSorted((left, right) => left.offsetUs - right.offsetUs);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

/**
 * A request: version 4, client, and a random transmit timestamp that tells nothing of our clock.
 */
export function timeRequest(nonce: Buffer): Buffer {
  const packet = Buffer.alloc(PACKET_BYTES);
  packet[0] = (VERSION << 3) | MODE_CLIENT;
  nonce.copy(packet, 40);
  return packet;
}

/** The sample in an answer, or the sentence's end that says why it is none. */
export function readTimeAnswer(packet: Buffer, trip: RoundTrip): TimeSample | string {
  if (packet.length < PACKET_BYTES) return 'its answer is too short';
  const first = packet.readUInt8(0);
  const stratum = packet.readUInt8(1);
  if ((first & 7) !== MODE_SERVER) return 'its answer is not in server mode';
  if (((first >> 3) & 7) !== VERSION) return 'its answer is of another version';
  // Only who saw the request can repeat it: what fails here was sent by somebody else.
  if (!packet.subarray(24, 32).equals(trip.nonce)) return 'its answer is to another request';
  if (stratum === 0) throw kissOfDeath(packet);
  if (stratum > STRATUM_MAX) return 'it has no reference itself';
  if (first >> 6 === LEAP_UNSYNCHRONISED) return 'it is not synchronised';
  const distanceS = shortAt(packet, 4) / 2 + shortAt(packet, 8);
  if (distanceS >= ROOT_DISTANCE_MAX_S) return 'it is too far from its reference';
  if (isZero(packet, 32) || isZero(packet, 40)) return 'its answer lacks a time';
  return sampleOf(packet, trip, stratum);
}

function sampleOf(packet: Buffer, trip: RoundTrip, stratum: number): TimeSample | string {
  const { sentAt, receivedAt } = trip;
  const arrivedAt = timestampAt(packet, 32, sentAt);
  const leftAt = timestampAt(packet, 40, sentAt);
  if (leftAt < arrivedAt) return 'it answered before it was asked';
  const delayUs = receivedAt - sentAt - (leftAt - arrivedAt);
  if (delayUs < 0) return 'it took longer than the round trip';
  const offsetUs = Math.round((sentAt - arrivedAt + (receivedAt - leftAt)) / 2);
  return { offsetUs, delayUs, stratum };
}

/** Stratum 0 carries a code in place of the reference id: DENY, RSTR, RATE (RFC 5905 §7.4). */
function kissOfDeath(packet: Buffer): Fault {
  const code = packet.toString('latin1', 12, 16).replaceAll(/[^A-Z]/g, '');
  return new Fault('time_server_refused', {
    retryable: false,
    message: `The time server asks not to be asked (${code}).`,
  });
}

// 32 bits of seconds turn over in 2036: the era is the one nearest to our own clock.
function timestampAt(packet: Buffer, at: number, near: Instant): number {
  const nearS = near / SECOND_US + EPOCH_S;
  const inEraS = packet.readUInt32BE(at);
  const seconds = inEraS + Math.round((nearS - inEraS) / ERA_S) * ERA_S - EPOCH_S;
  return seconds * SECOND_US + Math.round((packet.readUInt32BE(at + 4) / FRACTION) * SECOND_US);
}

function shortAt(packet: Buffer, at: number): number {
  return packet.readUInt32BE(at) / SHORT_FRACTION;
}

function isZero(packet: Buffer, at: number): boolean {
  return packet.readBigUInt64BE(at) === 0n;
}

async function askOnce(
  { host, port }: TimeServer,
  clock: Clock,
  timeoutMs: number,
): Promise<TimeSample | string> {
  const nonce = randomBytes(8);
  let complaint = 'it does not answer';
  const { promise, resolve, reject } = Promise.withResolvers<TimeSample | string>();
  const timer = setTimeout(() => resolve(complaint), timeoutMs);
  let socket: Socket | undefined;
  try {
    const { address, family } = await Promise.race([lookup(host), promise.then(silent)]);
    // Each request has a socket, and so a port, of its own, which hears this server only.
    socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    await connect(socket, port, address);
    const sentAt = clock.now();
    socket.on('message', (packet) => {
      try {
        const answer = readTimeAnswer(packet, { sentAt, receivedAt: clock.now(), nonce });
        // What is no answer of the server's must not keep the true one from being heard.
        if (typeof answer === 'string') complaint = answer;
        else resolve(answer);
      } catch (error) {
        reject(error);
      }
    });
    socket.on('error', () => resolve('it cannot be reached'));
    socket.send(timeRequest(nonce));
    return await promise;
  } catch (error) {
    if (error instanceof Fault) throw error;
    return 'it cannot be reached';
  } finally {
    clearTimeout(timer);
    socket?.close();
  }
}

function silent(): never {
  throw new Error('its name cannot be looked up in time');
}

function connect(socket: Socket, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.connect(port, address, () => {
      socket.off('error', reject);
      resolve();
    });
  });
}
