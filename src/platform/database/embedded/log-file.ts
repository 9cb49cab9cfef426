// Owns the server's log: a file the server appends to by itself, so that it goes on when Florin is
// killed; followed line by line while Florin runs, and never longer than its bound.

import { chmod, open, readFile, rename, writeFile, type FileHandle } from 'node:fs/promises';

const SIZE_MAX_BYTES = 8 * 1024 * 1024;
const POLL_MS = 250;
const TAIL_BYTES = 4_096;
const TAIL_LINES = 12;

export class LogFile {
  readonly file: string;
  readonly #onLine: (line: string) => void;
  #handle: FileHandle | undefined;
  #position = 0;
  #launchPosition = 0;
  #rest = '';
  #timer: NodeJS.Timeout | undefined;
  #isReading = false;

  constructor(file: string, onLine: (line: string) => void) {
    this.file = file;
    this.#onLine = onLine;
  }

  /** Opens the file before a launch, follows it from there; gives the descriptor to write to. */
  async open(): Promise<number> {
    if (this.#handle !== undefined) {
      this.#launchPosition = (await this.#handle.stat()).size;
      return this.#handle.fd;
    }
    this.#handle = await open(this.file, 'a+', 0o600);
    this.#position = (await this.#handle.stat()).size;
    this.#launchPosition = this.#position;
    this.#timer = setInterval(() => void this.#poll(), POLL_MS);
    this.#timer.unref();
    return this.#handle.fd;
  }

  /** The last lines since the launch, to explain a failure. */
  async tail(): Promise<string> {
    const bytes = await readFile(this.file).catch(() => Buffer.alloc(0));
    const text = bytes.subarray(this.#launchPosition).toString();
    return text.slice(-TAIL_BYTES).trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#poll();
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #poll(): Promise<void> {
    if (this.#isReading || this.#handle === undefined) return;
    this.#isReading = true;
    try {
      await this.#readNew(this.#handle);
    } catch {
      // The disk may be full or gone. The log is for people; the bank goes on without it.
    } finally {
      this.#isReading = false;
    }
  }

  async #readNew(handle: FileHandle): Promise<void> {
    const { size } = await handle.stat();
    // Another process that shares the server cut the file.
    if (size < this.#position) this.#position = 0;
    if (size === this.#position) return;
    const length = Math.min(size - this.#position, SIZE_MAX_BYTES);
    const { bytesRead, buffer } = await handle.read(
      Buffer.alloc(length),
      0,
      length,
      this.#position,
    );
    this.#position += bytesRead;
    const lines = (this.#rest + buffer.toString('utf8', 0, bytesRead)).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#onLine(line);
    if (size > SIZE_MAX_BYTES) await this.#cut(handle);
  }

  // The server holds the file open, so it is copied aside and emptied in place. Lines written
  // between the two are lost; the bound matters more.
  async #cut(handle: FileHandle): Promise<void> {
    const older = `${this.file}.1`;
    await writeFile(`${older}.new`, await readFile(this.file), { mode: 0o600 });
    await chmod(`${older}.new`, 0o600);
    await rename(`${older}.new`, older);
    await handle.truncate(0);
    this.#position = 0;
    this.#launchPosition = 0;
  }
}
