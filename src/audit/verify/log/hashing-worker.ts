// The thread that hashes the leaves of bundles: it answers each request, and ends when it is told
// to.

import { parentPort } from 'node:worker_threads';
import { assert } from '#kernel';
import { isSound, type HashAnswer, type HashRequest } from './hashing.ts';

const port = parentPort;
assert(port !== null, 'this file is a thread of the verification');

port.on('message', ({ number, hashables }: HashRequest) => {
  const areSound = hashables.map(({ encoding, bytes, hashes }) =>
    isSound({ bundle: { encoding, bytes: bufferOf(bytes) }, hashes: bufferOf(hashes) }),
  );
  const answer: HashAnswer = { number, areSound };
  port.postMessage(answer);
});

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
