/** Volts of a lead-acid cell under load → percent of charge left. Rough: load, age and temperature move it by ten points and more. */
const CURVE: readonly (readonly [volt: number, percent: number])[] = [
  [1.67, 0],
  [1.75, 5],
  [1.8, 12],
  [1.85, 22],
  [1.9, 35],
  [1.95, 50],
  [2.0, 65],
  [2.05, 80],
  [2.1, 92],
  [2.13, 100],
]

/** A cell never has more; a greater voltage is that of a whole battery. */
const MOST_OF_A_CELL = 3

export interface BatteryVoltage {
  readonly cellVolt: number | null
  readonly batteryVolt: number | null
}

/** Q1 gives the voltage of a cell or of the battery; with the number of cells each follows from the other. */
export function batteryVoltage(told: number | null, cells: number | null): BatteryVoltage {
  if (told === null || told <= 0) return { cellVolt: null, batteryVolt: null }
  if (told < MOST_OF_A_CELL) return { cellVolt: told, batteryVolt: cells === null ? null : round(told * cells) }
  return { cellVolt: cells === null ? null : round(told / cells), batteryVolt: told }
}

/** Percent; null for a voltage that no healthy count of cells gives. */
export function estimateCharge(cellVolt: number | null): number | null {
  if (cellVolt === null || cellVolt < 1 || cellVolt > MOST_OF_A_CELL) return null
  let [fromVolt, fromPercent] = CURVE[0] ?? [0, 0]
  if (cellVolt <= fromVolt) return 0
  for (const [volt, percent] of CURVE) {
    if (cellVolt <= volt) return Math.round(fromPercent + ((cellVolt - fromVolt) / (volt - fromVolt || 1)) * (percent - fromPercent))
    ;[fromVolt, fromPercent] = [volt, percent]
  }
  return 100
}

const round = (value: number): number => Number(value.toFixed(2))
