// Owns answers that come in pieces: the next is asked for only when the client has taken the one
// before, a client that is gone ends the source, and a source that fails cuts the connection, so
// that nobody takes half an answer for a whole one.
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { EdgeRefusal } from '../problems.ts';

type Piece = Buffer | string;

export interface StreamLimits {
  readonly httpStreamsInFlightMax: number;
  readonly httpStreamStallMs: number;
}

export interface StreamOpener {
  /**
   * Resolves when the first piece is there: until then a failure has a problem document. Undefined
   * where nobody reads on (HEAD, or a client that left).
   */
  open(reply: FastifyReply, pieces: AsyncIterable<Piece>): Promise<Readable | undefined>;
}

export function openStreams(
  limits: StreamLimits,
  onCut: (reply: FastifyReply, error: unknown) => void,
): StreamOpener {
  let inFlight = 0;

  const begin = async (reply: FastifyReply, source: AsyncIterator<Piece>): Promise<Readable> => {
    const first = await source.next();
    const stall = stallWatch(reply, limits.httpStreamStallMs);
    const stream = Readable.from(piecesOf(first, source, stall), { objectMode: false });
    stream.once('error', (error) => {
      onCut(reply, error);
    });
    stream.once('close', () => {
      stall.end();
      inFlight -= 1;
    });
    return stream;
  };

  return {
    async open(reply, pieces) {
      const source = pieces[Symbol.asyncIterator]();
      if (reply.request.method === 'HEAD') {
        await source.return?.();
        return undefined;
      }
      if (inFlight >= limits.httpStreamsInFlightMax) {
        await source.return?.();
        throw new EdgeRefusal('overloaded', 'Too many long answers are being sent.');
      }
      inFlight += 1;
      let stream: Readable;
      try {
        stream = await begin(reply, source);
      } catch (error) {
        inFlight -= 1;
        throw error;
      }
      if (!reply.raw.destroyed) return stream;
      stream.destroy();
      return undefined;
    },
  };
}

// Not a generator: one that is ended before it began would not end its source.
function piecesOf(
  first: IteratorResult<Piece>,
  source: AsyncIterator<Piece>,
  stall: StallWatch,
): AsyncIterableIterator<Piece> {
  let ready: IteratorResult<Piece> | undefined = first;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      stall.end();
      let piece = ready ?? (await source.next());
      ready = undefined;
      while (piece.done !== true && piece.value.length === 0) piece = await source.next();
      stall.begin();
      return piece;
    },
    async return() {
      await source.return?.();
      return { done: true, value: undefined };
    },
  };
}

interface StallWatch {
  begin(): void;
  end(): void;
}

/** Cuts off a client that takes nothing for too long: the source may hold what others need. */
function stallWatch(reply: FastifyReply, stallMs: number): StallWatch {
  let timer: NodeJS.Timeout | undefined;
  return {
    begin() {
      timer = setTimeout(() => reply.raw.destroy(), stallMs);
    },
    end() {
      clearTimeout(timer);
    },
  };
}
