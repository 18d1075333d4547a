// A small chart of bars: a figure for each stretch of time, two kinds stacked. It fills the width it is given, says its
// gist to a screen reader, and each bar says its own figures when pointed at. Unknown stretches are hatched, not empty.

export interface Bar {
  key: number
  value: number
  bad?: number
  isKnown: boolean
  title: string
}

const HEIGHT = 100

export function Bars({ bars, label }: { bars: Bar[]; label: string }) {
  const most = Math.max(...bars.map(bar => bar.value + (bar.bad ?? 0)), 1e-9)
  return (
    <svg class="bars" role="img" aria-label={label} viewBox={`0 0 ${bars.length} ${HEIGHT}`} preserveAspectRatio="none">
      {bars.map((bar, at) => {
        const value = (bar.value / most) * (HEIGHT - 4)
        const bad = ((bar.bad ?? 0) / most) * (HEIGHT - 4)
        return (
          <g key={bar.key}>
            <rect class={bar.isKnown ? 'bar-ground' : 'bar-unknown'} x={at} width="1" y="0" height={HEIGHT}>
              <title>{bar.title}</title>
            </rect>
            {bar.value > 0 && <rect class="bar-value" x={at + 0.1} width="0.8" y={HEIGHT - value} height={value} />}
            {bad > 0 && <rect class="bar-bad" x={at + 0.1} width="0.8" y={HEIGHT - value - bad} height={bad} />}
          </g>
        )
      })}
      <line class="bar-base" x1="0" x2={bars.length} y1={HEIGHT} y2={HEIGHT} />
    </svg>
  )
}
