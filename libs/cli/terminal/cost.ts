export interface ShownCost {
  readonly spent: number;
  readonly reserved: number;
  readonly cap: number | undefined;
}

/** What a run cost, in words; empty for one that costs nothing and has no cap. */
export function formatCost({ spent, reserved, cap }: ShownCost): string {
  if (spent + reserved === 0 && cap === undefined) return '';
  const unsettled = reserved === 0 ? '' : `, and up to ${formatAmount(reserved)} that was never confirmed`;
  return `${formatAmount(spent)}${cap === undefined ? '' : ` of at most ${formatAmount(cap)}`}${unsettled}`;
}

/** At least two digits behind the point, and as many as the amount has. */
function formatAmount(amount: number): string {
  return amount.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 6 });
}
