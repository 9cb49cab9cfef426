// Owns the way to what answers requests by itself: the OpenID provider and its pages speak HTTP of
// their own. They stand behind the guard and carry the headers of every answer; nothing else of the
// edge is theirs, and no operation of the bank is reached through them.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from '#platform';
import type { FastifyInstance } from 'fastify';
import { callerOf, originOf } from '../intake/caller.ts';

export interface Mount {
  /** Paths, of which the last part may be a star. */
  readonly paths: readonly string[];
  /** Whether there is anything at one of these paths, written without its query. */
  covers(path: string): boolean;
  /** Answers the request, whatever it is. */
  handle(request: IncomingMessage, response: ServerResponse, caller: Caller): Promise<void>;
}

const METHODS = ['GET', 'HEAD', 'POST', 'OPTIONS'] as const;

export async function bindMounts(
  server: FastifyInstance,
  mounts: readonly Mount[],
  onFailed: (error: unknown) => void,
): Promise<void> {
  await server.register((rooms, _, done) => {
    // Whoever answers reads the body too.
    rooms.removeAllContentTypeParsers();
    rooms.addContentTypeParser('*', (_request, _payload, parsed) => {
      parsed(null);
    });
    for (const mount of mounts) {
      for (const url of mount.paths) {
        rooms.route({
          method: [...METHODS],
          url,
          config: { template: url },
          handler(request, reply) {
            if (!mount.covers(request.url.split('?', 1)[0] ?? '')) {
              reply.callNotFound();
              return;
            }
            reply.hijack();
            for (const [name, value] of Object.entries(reply.getHeaders())) {
              if (value !== undefined) reply.raw.setHeader(name, value);
            }
            mount
              .handle(request.raw, reply.raw, callerOf(originOf(request)))
              .catch((error: unknown) => {
                onFailed(error);
                reply.raw.destroy();
              });
          },
        });
      }
    }
    done();
  });
}
