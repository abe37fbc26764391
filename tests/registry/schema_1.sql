-- The tables of schema 1 (loanbook before the chain), as both databases took them.
CREATE TABLE schema_version (version INTEGER NOT NULL, PRIMARY KEY (version));
CREATE TABLE models (
	usecase VARCHAR(40) NOT NULL, version INTEGER NOT NULL, created_at VARCHAR(32) NOT NULL, digest VARCHAR(64) NOT NULL,
	folder TEXT NOT NULL, role VARCHAR(16) DEFAULT '' NOT NULL, rung VARCHAR(80) NOT NULL, metrics TEXT NOT NULL,
	PRIMARY KEY (usecase, version),
	CONSTRAINT known_role CHECK (role in ('champion', 'challenger', ''))
);
CREATE UNIQUE INDEX one_champion ON models (usecase) WHERE role = 'champion';
CREATE UNIQUE INDEX one_challenger ON models (usecase) WHERE role = 'challenger';
CREATE TABLE promotions (
	number INTEGER NOT NULL, usecase VARCHAR(40) NOT NULL, action VARCHAR(16) NOT NULL, role VARCHAR(16) NOT NULL,
	from_version INTEGER, to_version INTEGER, at VARCHAR(32) NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL,
	PRIMARY KEY (number)
);
CREATE INDEX ix_promotions_usecase ON promotions (usecase);
CREATE TABLE policies (
	usecase VARCHAR(40) NOT NULL, version INTEGER NOT NULL, created_at VARCHAR(32) NOT NULL, model_version INTEGER NOT NULL,
	approve_below DOUBLE PRECISION NOT NULL, decline_from DOUBLE PRECISION NOT NULL, source TEXT NOT NULL,
	settings TEXT NOT NULL, digest VARCHAR(64) NOT NULL,
	PRIMARY KEY (usecase, version),
	FOREIGN KEY(usecase, model_version) REFERENCES models (usecase, version)
);
CREATE UNIQUE INDEX one_policy ON policies (usecase, digest);
CREATE TABLE decisions (
	decision_id VARCHAR(36) NOT NULL, usecase VARCHAR(40) NOT NULL, decided_at VARCHAR(32) NOT NULL,
	model_version INTEGER NOT NULL, policy_version INTEGER NOT NULL, inputs TEXT NOT NULL,
	log_odds DOUBLE PRECISION NOT NULL, probability DOUBLE PRECISION NOT NULL,
	lower DOUBLE PRECISION NOT NULL, upper DOUBLE PRECISION NOT NULL,
	decision VARCHAR(16) NOT NULL, reasons TEXT NOT NULL, idempotency_key VARCHAR(300), body_digest VARCHAR(64),
	row_digest VARCHAR(64) NOT NULL,
	PRIMARY KEY (decision_id),
	FOREIGN KEY(usecase, model_version) REFERENCES models (usecase, version),
	FOREIGN KEY(usecase, policy_version) REFERENCES policies (usecase, version),
	CONSTRAINT one_decision_a_key UNIQUE (usecase, idempotency_key)
);
CREATE TABLE outcomes (
	decision_id VARCHAR(36) NOT NULL, outcome VARCHAR(8) NOT NULL, observed_at VARCHAR(32) NOT NULL,
	recorded_at VARCHAR(32) NOT NULL,
	PRIMARY KEY (decision_id),
	CONSTRAINT known_outcome CHECK (outcome in ('good', 'bad')),
	FOREIGN KEY(decision_id) REFERENCES decisions (decision_id)
);
