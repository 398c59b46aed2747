/** `catena doctor`: what of the deployment falls short of the chosen level, and what to do about it. */
import type { Finding } from '../../config/finding.ts';
import type { CliContext, ConfigOptions } from '../context.ts';
import { effectiveConfig } from '../effective-config.ts';
import { ExitCode, type ExitCodeValue } from '../exit-codes.ts';
import { formatTable } from '../terminal/format.ts';

export interface DoctorOptions extends ConfigOptions {
  readonly json?: boolean;
}

const MARKS: Readonly<Record<Finding['severity'], string>> = {
  ok: 'ok',
  warning: 'WARNING',
  error: 'ERROR',
  unknown: 'unknown',
  unanswered: 'NO ANSWER',
};

/** The exit code: 5 if a server does not answer, else 1 if the chosen level is not met, else 0. */
export async function examine(context: CliContext, options: DoctorOptions): Promise<ExitCodeValue> {
  const loaded = effectiveConfig(context, options);
  const findings = await context.examine(loaded);
  const { durability, replicas } = loaded.config.cache;
  const level = loaded.mode === 'distributed' ? { durability, replicas } : {};
  const text =
    options.json === true
      ? `${JSON.stringify({ mode: loaded.mode, ...level, findings }, undefined, 2)}\n`
      : `${headOf(loaded.mode, level)}\n\n${tableOf(findings)}${remediesOf(findings)}`;
  context.io.stdout.write(text);
  const severities = new Set(findings.map(({ severity }) => severity));
  if (severities.has('unanswered')) return ExitCode.STORE_FAILED;
  return severities.has('error') ? ExitCode.FOUND : ExitCode.DONE;
}

function headOf(mode: string, { durability, replicas }: { durability?: string; replicas?: number }): string {
  return durability === undefined ? `mode ${mode}` : `mode ${mode}, durability ${durability}, ${replicas} replicas`;
}

function tableOf(findings: readonly Finding[]): string {
  return formatTable([
    ['', 'OF', 'PROPERTY', 'FOUND'],
    ...findings.map(({ severity, subject, property, found }) => [MARKS[severity], subject, property, found]),
  ]);
}

/** What to do, the worst first. */
function remediesOf(findings: readonly Finding[]): string {
  const wrong = (['unanswered', 'error', 'warning'] as const).flatMap((severity) =>
    findings.filter((each) => each.severity === severity && each.remedy !== ''),
  );
  if (wrong.length === 0) return '';
  return `\n${wrong.map(({ subject, property, remedy }) => `${subject}, ${property}: ${remedy}\n`).join('')}`;
}
