// TABLE  the formats of files, and what answers a file of each. CSV has a form for each sender and
// is not among them; its results are read over HTTP.

import { pain001Format, pain008Format } from '../../iso20022/files/formats.ts';
import { nachaFormat } from '../../nacha/read.ts';
import type { FileFormat } from '../format.ts';
import type { AnswerWriter } from '../pipeline/world.ts';
import { nachaReturns } from './nacha-returns.ts';
import { statusReports } from './status-reports.ts';

export const fileFormats: ReadonlyMap<string, FileFormat> = new Map(
  [nachaFormat, pain001Format, pain008Format].map((format) => [format.name, format]),
);

export const answerWriters: ReadonlyMap<string, AnswerWriter> = new Map([
  [nachaFormat.name, nachaReturns],
  [pain001Format.name, statusReports],
  [pain008Format.name, statusReports],
]);
