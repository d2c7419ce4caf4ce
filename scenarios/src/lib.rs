//! Workloads and questions.
