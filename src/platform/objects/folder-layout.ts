// Owns where things lie in a folder of objects, and which file name a key has. No two keys share a
// name, also where a file system does not tell "A" from "a"; names sort as their keys do.

import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { assert } from '#kernel';
import { unlessAbsent } from '../files/durable.ts';

const KEY_CHARACTERS_MAX = 512;
const PART_CHARACTERS_MAX = 120;
const PART = /^[A-Za-z0-9._=-]+$/;
// No key has this character, so that "a" and "a/b" can both be keys.
const END = '@';

export class FolderLayout {
  readonly root: string;
  /** Each content under its SHA-256, with one link for each key that has it. */
  readonly blobs: string;
  readonly objects: string;
  readonly pointers: string;
  /** What a running put or removal has in hand, and what a crashed one has left. */
  readonly unfinished: string;

  constructor(root: string) {
    this.root = root;
    this.blobs = path.join(root, 'blobs');
    this.objects = path.join(root, 'objects');
    this.pointers = path.join(root, 'pointers');
    this.unfinished = path.join(root, 'unfinished');
  }

  /** The folder of all that is known of the object under a key. */
  objectFolder(key: string): string {
    return path.join(this.objects, nameOf(key));
  }

  factsFile(key: string): string {
    return path.join(this.objectFolder(key), 'facts.json');
  }

  pointerFile(key: string): string {
    return path.join(this.pointers, nameOf(key));
  }

  blobFolder(sha256: string): string {
    return path.join(this.blobs, sha256.slice(0, 2), sha256);
  }

  /** The content of one put. */
  contentFile(facts: { readonly sha256: string; readonly id: string }): string {
    return path.join(this.blobFolder(facts.sha256), facts.id);
  }

  unfinishedFile(id: string, kind: 'content' | 'facts' | 'removal' | 'pointer'): string {
    return path.join(this.unfinished, `${id}.${kind}`);
  }

  /** The keys that begin with the prefix, in order. Holds the names of one folder per level. */
  async *keys(prefix: string, folder = this.objects, above = ''): AsyncIterable<string> {
    for (const { name, text } of await namesIn(folder)) {
      const key = above + text;
      if (name.endsWith(END)) {
        if (key.startsWith(prefix)) yield key;
      } else if (key.startsWith(prefix) || prefix.startsWith(key)) {
        yield* this.keys(prefix, path.join(folder, name), key);
      }
    }
  }
}

function nameOf(key: string): string {
  const parts = key.split('/');
  const isKey = key.length <= KEY_CHARACTERS_MAX && parts.every(isPart);
  assert(isKey, `${JSON.stringify(key)} cannot be the key of an object`);
  return parts.map(encode).join(path.sep) + END;
}

function isPart(part: string): boolean {
  return PART.test(part) && part.length <= PART_CHARACTERS_MAX && part !== '.' && part !== '..';
}

function encode(part: string): string {
  return part.replaceAll(/[A-Z]/g, (letter) => `+${letter.toLowerCase()}`);
}

function decode(name: string): string {
  return name.replaceAll(/\+([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

// A folder's keys begin with its name and "/", and are sorted as that.
async function namesIn(folder: string): Promise<{ name: string; text: string }[]> {
  const names = (await unlessAbsent(readdir(folder))) ?? [];
  return names
    .map((name) => ({
      name,
      text: name.endsWith(END) ? decode(name.slice(0, -END.length)) : `${decode(name)}/`,
    }))
    .toSorted((left, right) => (left.text < right.text ? -1 : 1));
}
