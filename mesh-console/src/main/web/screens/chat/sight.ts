// Whether whoever answers takes pictures. What its nodes say of a model counts and nothing else: a name promises nothing.

import type { Model } from '../../feed/entities'
import { useWorld } from '../../feed/store'
import { clean } from '../../format'

export interface Sight {
  takes: 'yes' | 'no' | 'unknown'
  /** Why not, without a full stop. */
  words: string
}

export function sees(model: Model): boolean {
  return model.skills?.includes('vision') ?? false
}

export function useSight(model: string): Sight {
  const models = useWorld(world => world.model)
  return model === 'auto' ? ofAny(Object.values(models).filter(each => each.state === 'ready')) : ofOne(model, models[model])
}

function ofAny(ready: Model[]): Sight {
  if (ready.some(sees)) return { takes: 'yes', words: '' }
  if (ready.length > 0 && ready.every(each => each.skills)) return { takes: 'no', words: 'No model that is ready takes pictures' }
  return { takes: 'unknown', words: 'It is not known yet whether a model takes pictures' }
}

function ofOne(name: string, model: Model | undefined): Sight {
  const shown = clean(name, 32)
  if (!model?.skills) return { takes: 'unknown', words: `It is not known yet whether ${shown} takes pictures` }
  return sees(model) ? { takes: 'yes', words: '' } : { takes: 'no', words: `${shown} takes no pictures` }
}
