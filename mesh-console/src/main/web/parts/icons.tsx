// Every drawing of the page on one 20 × 20 grid: strokes in the colour of the text, nothing fetched.

const PATHS: Record<string, string> = {
  overview: 'M10 3.5a2 2 0 1 0 0 4 2 2 0 0 0 0-4ZM4.5 12.5a2 2 0 1 0 0 4 2 2 0 0 0 0-4ZM15.5 12.5a2 2 0 1 0 0 4 2 2 0 0 0 0-4ZM9 7.3l-3.4 5.4M11 7.3l3.4 5.4M6.5 14.5h7',
  nodes: 'M3.5 4h13v4.5h-13zM3.5 11.5h13V16h-13zM6.5 6.2h.1M6.5 13.7h.1M10 6.2h4M10 13.7h4',
  models: 'M10 2.8 16.5 6v8L10 17.2 3.5 14V6L10 2.8ZM3.5 6 10 9.3 16.5 6M10 9.3v7.9',
  chat: 'M3.5 4h13v9.5H9L5.5 17v-3.5h-2z',
  invite: 'M8 4.2a2.6 2.6 0 1 0 0 5.2 2.6 2.6 0 0 0 0-5.2ZM3 16.5c.4-3 2.3-4.6 5-4.6s4.6 1.6 5 4.600M15 6v5M12.5 8.500h5',
  discover: 'M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM13 7l-1.7 4.300L7 13l1.7-4.300L13 7Z',
  connect: 'M7 3.500v4M13 3.500v4M5 7.500h10v2.500a5 5 0 0 1-10 0ZM10 15v2.5',
  activity: 'M2.5 10.500h3.500l2.3-6 3.4 11 2.3-5h3.5',
  events: 'M4 4.500h12M4 8.200h12M4 11.800h8M4 15.500h5',
  more: 'M4.5 10h.1M10 10h.1M15.5 10h.1',
  system: 'M3 4h14v9.500H3zM7.5 17h5M10 13.500V17',
  light: 'M10 6.800a3.2 3.2 0 1 0 0 6.4 3.2 3.2 0 0 0 0-6.400ZM10 2.200v1.500M10 16.300v1.500M2.2 10h1.500M16.3 10h1.500M4.5 4.500l1 1M14.5 14.500l1 1M15.5 4.500l-1 1M5.5 14.500l-1 1',
  dark: 'M16.5 11.800A6.8 6.8 0 0 1 8.2 3.500a6.8 6.8 0 1 0 8.3 8.300Z',
  copy: 'M7 7h9.500v9.500H7zM4 13H3.500V3.500H13V4',
  check: 'M4 10.500l4 4 8-9',
  close: 'M5 5l10 10M15 5 5 15',
  warn: 'M10 3.5 17.5 16.500h-15L10 3.500ZM10 8.500v3.700M10 14.300v.1',
  right: 'M8 5l5 5-5 5',
  pause: 'M7 4.500v11M13 4.500v11',
  play: 'M6.5 4.5 15 10l-8.5 5.500z',
  left: 'M12 5l-5 5 5 5',
  down: 'M5 8l5 5 5-5',
  stop: 'M5.5 5.500h9v9h-9z',
  plus: 'M10 4v12M4 10h12',
  picture: 'M3 4h14v12H3zM3 13.5l4-4 3.5 3.500M9.500 13l3.500-3.500 4 4M12.500 7h.1',
  edit: 'M4 16l.8-3.300L13.500 4 16 6.500l-8.700 8.700L4 16Z',
  again: 'M15.5 8.500A6 6 0 1 0 16 11M16 4.500v4h-4',
  map: 'M3 5.5 8 3.500l4 2 5-2v11l-5 2-4-2-5 2zM8 3.500v11M12 5.500v11',
  table: 'M3 4.500h14v11H3zM3 8.500h14M8 8.500v7',
}

export function Icon({ name, size = 20 }: { name: string; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name] ?? ''} />
    </svg>
  )
}

/** A shape for each state, so that none is told by colour alone. Centred at 0, 0 with radius 1: scaled by who draws it. */
export function Mark({ state }: { state: string }) {
  switch (state) {
    case 'good':
      return <circle r="0.8" class="mark-fill" />
    case 'busy':
      return (
        <>
          <circle r="0.72" class="mark-line" />
          <path d="M0 -0.72A0.72 0.72 0 0 1 0 0.72Z" class="mark-fill" />
        </>
      )
    case 'bad':
      return <path d="M-0.6 -0.6 0.6 0.6M0.6 -0.6 -0.6 0.6" class="mark-line" />
    case 'warn':
      return <path d="M0 -0.8 0.85 0.7H-0.85Z" class="mark-line" />
    default:
      return <circle r="0.72" class="mark-line" />
  }
}
