throw new Error('setup failed')
