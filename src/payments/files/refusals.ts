// Every way files of payments are said no to. Codes are stable for ever; the reference page lists
// each of them.

import { refuse, type Refusal, type Refused } from '#kernel';

interface RefusalKind {
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean;
}

const kind = (status: number, title: string, retryable = false): RefusalKind => ({
  status,
  title,
  retryable,
});

export const fileRefusals = {
  file_unknown: kind(404, 'No such file'),
  file_duplicate: kind(409, 'The same file was sent before'),
  file_too_large: kind(422, 'The file is too large'),
  file_offset_wrong: kind(409, 'The part does not begin where the last one ended', true),
  file_part_invalid: kind(422, 'The part cannot be used'),
  file_not_uploading: kind(409, 'The file is complete, or was given up'),
  file_state_wrong: kind(409, 'The file is in another state'),
  file_answer_unknown: kind(404, 'The file has no answer', true),
  file_agreement_unknown: kind(404, 'No such agreement'),
  file_agreement_exists: kind(409, 'The sender has an agreement for this format'),
  file_agreement_ended: kind(422, 'The agreement has ended'),
  file_agreement_invalid: kind(422, 'The agreement is not complete'),
  file_mapping_invalid: kind(422, 'The mapping is not complete'),
} as const satisfies Record<string, RefusalKind>;

export type FileRefusalCode = keyof typeof fileRefusals;

export interface FileRefusal extends Refusal {
  readonly code: FileRefusalCode;
}

export function no(code: FileRefusalCode, message: string, param?: string): Refused<FileRefusal> {
  return refuse({ code, message, ...(param === undefined ? {} : { param }) });
}
