import { Component, type ReactNode } from 'react';
import { withTranslation, type WithTranslation } from 'react-i18next';

interface Props extends WithTranslation {
  children: ReactNode;
}

interface State {
  crashed: boolean;
}

class Boundary extends Component<Props, State> {
  override state: State = { crashed: false };

  static getDerivedStateFromError(): State {
    return { crashed: true };
  }

  override render() {
    const { children, t } = this.props;
    if (!this.state.crashed) return children;
    return (
      <div className="error" role="alert">
        <p>{t('app.crashed')}</p>
        <button type="button" onClick={() => this.setState({ crashed: false })}>
          {t('app.retry')}
        </button>
      </div>
    );
  }
}

export const ErrorBoundary = withTranslation()(Boundary);
