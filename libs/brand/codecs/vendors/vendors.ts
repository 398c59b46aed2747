/** The providers that are known, by name and by the host of their API. */
import type { ErrorType } from '../diagnosis-error.ts';
import { anthropic } from './anthropic.ts';
import { ark } from './ark.ts';
import { dashscope } from './dashscope.ts';
import { deepseek } from './deepseek.ts';
import { google } from './google.ts';
import { moonshot } from './moonshot.ts';
import { openai } from './openai.ts';
import { perplexityAi } from './perplexity.ts';
import type { CodecName, Vendor } from './vendor.ts';
import { zhipu } from './zhipu.ts';

export const VENDOR_NAMES = [
  'ark',
  'dashscope',
  'deepseek',
  'zhipu',
  'moonshot',
  'openai',
  'anthropic',
  'google',
  'perplexity',
  'other',
] as const;
export type VendorName = (typeof VENDOR_NAMES)[number];

/** A gateway, a server of one's own, or a provider that is not known: its errors are told by their status and words. */
const other: Vendor = {
  hosts: [],
  errors: [],
  remedies: {},
  search: {},
  noSearch: 'name the provider as vendor, or write its fields into extraBody',
  thinking: () => ({}),
  serviceTierField: 'service_tier',
};

export const VENDORS: Readonly<Record<VendorName, Vendor>> = {
  ark,
  dashscope,
  deepseek,
  zhipu,
  moonshot,
  openai,
  anthropic,
  google,
  perplexity: perplexityAi,
  other,
};

/** The formats that only one provider speaks: at a host that is not known, a proxy for example, they tell the provider. */
const OF_CODEC: Readonly<Partial<Record<CodecName, VendorName>>> = {
  'anthropic-messages': 'anthropic',
  'dashscope-native': 'dashscope',
  perplexity: 'perplexity',
  gemini: 'google',
};

/** The provider of an entry: the one that it names, else by the host of its address, else by its format. */
export function vendorNameOf(entry: {
  readonly vendor?: VendorName | undefined;
  readonly baseUrl: string;
  readonly codec: CodecName;
}): VendorName {
  if (entry.vendor !== undefined) return entry.vendor;
  const host = new URL(entry.baseUrl).hostname.toLowerCase();
  const byHost = VENDOR_NAMES.find((name) =>
    VENDORS[name].hosts.some((each) => host === each || host.endsWith(`.${each}`)),
  );
  return byHost ?? OF_CODEC[entry.codec] ?? 'other';
}

/** An error as its provider said it. */
export interface SaidError {
  /** The HTTP status; 200 for an error in a body or a stream that began well. */
  readonly status: number;
  readonly code: string;
  readonly type?: string | undefined;
  readonly message: string;
}

/** The kind of an error by the rules of its provider; undefined if none matches. */
export function typeByVendor({ errors }: Vendor, said: SaidError): ErrorType | undefined {
  const rule = errors.find(({ status, word, message }) => {
    if (status !== undefined && status !== said.status) return false;
    if (word !== undefined && !word.test(said.code) && !word.test(said.type ?? '')) return false;
    return message === undefined || message.test(said.message);
  });
  return rule?.type;
}
