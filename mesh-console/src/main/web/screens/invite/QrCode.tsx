// A QR code from the rows that the daemon computed. Black on white in both themes: cameras expect it.

/** The blank modules that must stand around a code. */
const MARGIN = 4

export function QrCode({ rows, label }: { rows: string[]; label: string }) {
  const size = rows.length
  if (size === 0) return null
  let path = ''
  for (let y = 0; y < size; y++)
    for (const run of rows[y]!.matchAll(/1+/g)) path += `M${run.index + MARGIN} ${y + MARGIN}h${run[0].length}v1h-${run[0].length}z`
  const side = size + 2 * MARGIN
  return (
    <svg class="qr" role="img" aria-label={label} viewBox={`0 0 ${side} ${side}`} shape-rendering="crispEdges">
      <rect class="qr-ground" width={side} height={side} />
      <path class="qr-black" d={path} />
    </svg>
  )
}
