// Cuts a file into records of 94 characters, whatever ends them: line feeds, with or without
// carriage returns, blocks of ten records, or nothing at all. Holds one unfinished record at most.

import { recordLength } from './standard/record.ts';

export interface RecordLine {
  /** 94 characters: a shorter line has been filled with blanks. */
  readonly text: string;
  /** Counts the records of the file from 1. */
  readonly number: number;
  /** How long it was, where it was neither 94 characters nor fillable. */
  readonly wrongLength?: number;
}

export interface RecordCutter {
  /** The records that a piece of the file completes. */
  cut(piece: string): readonly RecordLine[];
  /** The record that the end of the file completes. */
  end(): readonly RecordLine[];
}

export function recordCutter(): RecordCutter {
  let rest = '';
  let number = 0;
  /** Whether a line went on after its first 94 characters. */
  let isContinued = false;

  function lineOf(text: string): RecordLine | undefined {
    if (text.trim() === '') {
      return undefined;
    }
    number += 1;
    if (text.length === recordLength) {
      return { text, number };
    }
    // A rest behind a whole record is no short line: what it belongs to cannot be told.
    return isContinued
      ? { text: text.padEnd(recordLength), number, wrongLength: text.length }
      : { text: text.padEnd(recordLength), number };
  }

  function cut(piece: string): readonly RecordLine[] {
    const lines: RecordLine[] = [];
    const text = rest + piece;
    let start = 0;
    for (;;) {
      const lineFeed = text.indexOf('\n', start);
      const stop = lineFeed === -1 ? text.length : lineFeed;
      while (stop - start > recordLength) {
        const line = lineOf(text.slice(start, start + recordLength));
        if (line !== undefined) {
          lines.push(line);
        }
        start += recordLength;
        isContinued = true;
        if (text.charCodeAt(start) === 13 && start + 1 === stop && lineFeed !== -1) {
          start += 1;
        }
      }
      if (lineFeed === -1) {
        break;
      }
      const line = lineOf(withoutReturn(text.slice(start, stop)));
      if (line !== undefined) {
        lines.push(line);
      }
      start = stop + 1;
      isContinued = false;
    }
    rest = text.slice(start);
    return lines;
  }

  function end(): readonly RecordLine[] {
    // A file that was once on a disk of DOS ends with its end-of-file character.
    const text = rest.endsWith('\u001a') ? rest.slice(0, -1) : rest;
    const line = lineOf(withoutReturn(text));
    rest = '';
    return line === undefined ? [] : [line];
  }

  return { cut, end };
}

function withoutReturn(text: string): string {
  return text.endsWith('\r') ? text.slice(0, -1) : text;
}
