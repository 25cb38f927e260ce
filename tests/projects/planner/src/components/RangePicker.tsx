import { useTranslation } from 'react-i18next';
import type { DateRange } from '../types';
import { isValidRange, PRESETS, type Preset } from '../utils/dateRange';

interface Props {
  preset: Preset | 'custom';
  range: DateRange;
  onPreset: (preset: Preset) => void;
  onRange: (range: DateRange) => void;
}

export function RangePicker({ preset, range, onPreset, onRange }: Props) {
  const { t } = useTranslation();
  return (
    <fieldset className="range">
      <legend>{t('preset.label')}</legend>
      <select
        aria-label={t('preset.label')}
        value={preset}
        onChange={(event) => onPreset(event.target.value as Preset)}
      >
        {PRESETS.map((name) => (
          <option key={name} value={name}>
            {t(`preset.${name}`)}
          </option>
        ))}
        <option value="custom" disabled>
          {t('preset.custom')}
        </option>
      </select>
      <label>
        {t('range.from')}
        <input
          type="date"
          value={range.from}
          onChange={(event) => onRange({ ...range, from: event.target.value })}
        />
      </label>
      <label>
        {t('range.to')}
        <input type="date" value={range.to} onChange={(event) => onRange({ ...range, to: event.target.value })} />
      </label>
      {!isValidRange(range) && <p role="alert">{t('range.invalid')}</p>}
    </fieldset>
  );
}
