// Follows the event stream of Node's test runner: a line for each file, the whole story of a
// failure, and the counts. Only causes are counted: a suite that failed because a test inside it
// did is not a failure of its own. What a file prints is shown only where something in it failed.
import { relative } from 'node:path';
import type { EventData } from 'node:test';
import type { TestEvent } from 'node:test/reporters';
import { inspect } from 'node:util';

/** Of a noisy file the end is what explains the failure. */
const outputLengthMax = 20_000;

interface FileProgress {
  readonly path: string;
  /** The names of the suites and tests that are open, outermost first. */
  readonly names: string[];
  output: string;
  passed: number;
  failed: number;
}

export class TestReport {
  readonly #root: string;
  readonly #print: (line: string) => void;
  readonly #files = new Map<string, FileProgress>();
  #failedOutside = 0;

  constructor(root: string, print: (line: string) => void) {
    this.#root = root;
    this.#print = print;
  }

  get passed(): number {
    return this.#sum((file) => file.passed);
  }

  get failed(): number {
    return this.#failedOutside + this.#sum((file) => file.failed);
  }

  async follow(events: AsyncIterable<TestEvent>): Promise<void> {
    for await (const event of events) {
      if (event.data !== undefined && 'file' in event.data && event.data.file !== undefined) {
        this.#take(event, this.#progressOf(event.data.file));
      }
    }
  }

  /** A failure outside any file. */
  fail(story: string): void {
    this.#failedOutside += 1;
    this.#print(`FAILED ${story}`);
  }

  #take({ type, data }: TestEvent, file: FileProgress): void {
    switch (type) {
      case 'test:start':
        file.names.splice(data.nesting, Infinity, data.name);
        break;
      case 'test:pass':
        this.#takePass(data, file);
        break;
      case 'test:fail':
        this.#takeFailure(data, file);
        break;
      case 'test:stdout':
      case 'test:stderr':
        file.output = (file.output + data.message).slice(-outputLengthMax);
        break;
      case 'test:summary':
        this.#summarise(data, file);
        break;
      default:
        break;
    }
  }

  #takePass({ name, details, skip, todo }: EventData.TestPass, file: FileProgress): void {
    if (isWholeFile(name, file)) {
      if (file.passed + file.failed === 0) {
        this.#failIn(file, 'holds no test');
      }
    } else if (skip !== undefined || todo !== undefined) {
      this.#failIn(file, `${file.names.join(' > ')}: skipped, and so proves nothing`);
    } else if (details.type !== 'suite') {
      file.passed += 1;
    }
  }

  #takeFailure({ name, details }: EventData.TestFail, file: FileProgress): void {
    const error: Error & { failureType?: unknown } = details.error;
    if (error.failureType === 'subtestsFailed') {
      return;
    }
    if (isWholeFile(name, file)) {
      this.#failIn(file, 'failed outside its tests');
      this.#printOutput(file);
    } else {
      this.#failIn(file, `${file.names.join(' > ')}\n${storyOf(error.cause ?? error)}`);
    }
  }

  #summarise({ counts, duration_ms: durationMs }: EventData.TestSummary, file: FileProgress): void {
    const seconds = (durationMs / 1_000).toFixed(1);
    const outcome = file.failed === 0 ? 'ok    ' : 'FAILED';
    this.#print(`${outcome} ${file.path} (${counts.tests} tests, ${seconds} s)`);
    if (file.failed > 0) {
      this.#printOutput(file);
    }
  }

  #failIn(file: FileProgress, story: string): void {
    file.failed += 1;
    this.#print(`FAILED ${file.path} > ${story.replaceAll('\n', '\n    ')}`);
  }

  #printOutput(file: FileProgress): void {
    if (file.output.trim() !== '') {
      this.#print(`    it printed:\n    ${file.output.trim().replaceAll('\n', '\n    ')}`);
    }
    file.output = '';
  }

  #progressOf(fullPath: string): FileProgress {
    const path = relative(this.#root, fullPath);
    const file = this.#files.get(path) ?? { path, names: [], output: '', passed: 0, failed: 0 };
    this.#files.set(path, file);
    return file;
  }

  #sum(count: (file: FileProgress) => number): number {
    return [...this.#files.values()].reduce((total, file) => total + count(file), 0);
  }
}

/** A file that fails to load, or holds nothing, is reported by the runner as a test of its own. */
function isWholeFile(name: string, { path }: FileProgress): boolean {
  return name.endsWith(`/${path}`);
}

function storyOf(error: unknown): string {
  // An assertion's message shows both sides already; the runner's own frames explain nothing.
  const isAssertion = error instanceof Error && 'code' in error && error.code === 'ERR_ASSERTION';
  const story = isAssertion ? (error.stack ?? error.message) : inspect(error);
  return story.replaceAll(/\n +at [^\n]*node:[^\n]*/g, '');
}
