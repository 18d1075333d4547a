// Three states in one row: what the system says, light, dark.

import { useState } from 'preact/hooks'
import { Icon } from '../parts/icons'
import { storedTheme, storeTheme, type Theme } from './theme'

const WORDS: Record<Theme, string> = { system: 'As the system', light: 'Light', dark: 'Dark' }

export function ThemeSwitch() {
  const [theme, setTheme] = useState(storedTheme)
  return (
    <div class="theme-switch" role="group" aria-label="Theme">
      {(Object.keys(WORDS) as Theme[]).map(each => (
        <button
          key={each}
          type="button"
          aria-pressed={each === theme}
          aria-label={WORDS[each]}
          title={WORDS[each]}
          onClick={() => {
            storeTheme(each)
            setTheme(each)
          }}
        >
          <Icon name={each} size={16} />
        </button>
      ))}
    </div>
  )
}
