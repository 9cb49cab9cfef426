// A trail for tests: log files and hourly digests as CloudTrail delivers them, signed with a key of
// the test's own.

import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { TrailFiles } from './trail-files.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });

export const FINGERPRINT = '31e8b5433410dfb61a9dc45cc65b22ff';

/** What "aws cloudtrail list-public-keys" prints. */
export const listedKeys = JSON.stringify({
  PublicKeyList: [
    {
      Value: publicKey.export({ format: 'der', type: 'pkcs1' }).toString('base64'),
      ValidityStartTime: '2015-08-01T00:00:00+00:00',
      ValidityEndTime: '2016-08-01T00:00:00+00:00',
      Fingerprint: FINGERPRINT,
    },
  ],
});

export class Trail {
  readonly files = new Map<string, Buffer>();
  readonly digests: string[] = [];
  readonly logs: string[] = [];
  readonly #bucket = 'amzn-s3-demo-bucket';
  #previous: { object: string; sha256: string; signature: string } | undefined;

  /** An hour with so many log files, and its digest. */
  addHour(hour: number, logCount: number): void {
    const listed = Array.from({ length: logCount }, (_, number) => this.#addLog(hour, number));
    const end = `2015-08-17T${String(hour + 1).padStart(2, '0')}:01:31Z`;
    const object =
      'AWSLogs/111122223333/CloudTrail-Digest/us-east-2/2015/08/17/' +
      '111122223333_CloudTrail-Digest_us-east-2_' +
      `your-trail-name_us-east-2_${end.replaceAll(/[-:]/g, '')}.json.gz`;
    const content = Buffer.from(
      JSON.stringify({
        awsAccountId: '111122223333',
        digestStartTime: `2015-08-17T${String(hour).padStart(2, '0')}:01:31Z`,
        digestEndTime: end,
        digestS3Bucket: this.#bucket,
        digestS3Object: object,
        digestPublicKeyFingerprint: FINGERPRINT,
        digestSignatureAlgorithm: 'SHA256withRSA',
        newestEventTime: null,
        oldestEventTime: null,
        previousDigestS3Bucket: this.#previous === undefined ? null : this.#bucket,
        previousDigestS3Object: this.#previous?.object ?? null,
        previousDigestHashValue: this.#previous?.sha256 ?? null,
        previousDigestHashAlgorithm: this.#previous === undefined ? null : 'SHA-256',
        previousDigestSignature: this.#previous?.signature ?? null,
        logFiles: listed,
      }),
    );
    const sha256 = createHash('sha256').update(content).digest('hex');
    const text = [end, `${this.#bucket}/${object}`, sha256, this.#previous?.signature ?? 'null'];
    const signature = sign('sha256', Buffer.from(text.join('\n')), privateKey).toString('hex');
    this.files.set(object, gzipSync(content));
    this.files.set(`${object}.signature`, Buffer.from(`${signature}\n`));
    this.digests.push(object);
    this.#previous = { object, sha256, signature };
  }

  /** As after a time in which validation was off. */
  breakChain(): void {
    this.#previous = undefined;
  }

  /** Changes the content of a gzipped file. */
  edit(path: string, from: string, to: string): void {
    const text = gunzipSync(this.files.get(path) ?? Buffer.alloc(0)).toString('utf8');
    this.files.set(path, gzipSync(text.replace(from, to)));
  }

  /** The files as they are, below another folder if one is given. */
  given(folder = ''): TrailFiles {
    const paths = [...this.files.keys()].map((path) => `${folder}${path}`);
    return {
      paths,
      read: (path) => Readable.from([this.files.get(path.slice(folder.length)) ?? Buffer.alloc(0)]),
    };
  }

  #addLog(hour: number, number: number): object {
    const time = `20150817T${String(hour).padStart(2, '0')}${10 + number}Z`;
    const object =
      'AWSLogs/111122223333/CloudTrail/us-east-2/2015/08/17/' +
      `111122223333_CloudTrail_us-east-2_${time}_Unique${hour}x${number}.json.gz`;
    const content = Buffer.from(JSON.stringify({ Records: [{ eventID: `${hour}-${number}` }] }));
    this.files.set(object, gzipSync(content));
    this.logs.push(object);
    return {
      s3Bucket: this.#bucket,
      s3Object: object,
      hashValue: createHash('sha256').update(content).digest('hex'),
      hashAlgorithm: 'SHA-256',
      newestEventTime: '2015-08-17T14:52:27Z',
      oldestEventTime: '2015-08-17T14:42:27Z',
    };
  }
}

export function trailOf(hours: number, logsAnHour = 2): Trail {
  const trail = new Trail();
  for (let hour = 0; hour < hours; hour += 1) trail.addHour(hour, logsAnHour);
  return trail;
}
