"""Addresses of cases, their forms, rules and the dictionary."""

from django.urls import path

from cases.api import bulk, findings, history, identity, knowledge, plans, rows, transfers, views, work

urlpatterns = [
    path("cases/", views.Cases.as_view(), name="api-cases"),
    path("cases/bulk/", bulk.BulkCases.as_view(), name="api-bulk"),
    path("imports/<int:pk>/", bulk.OneImport.as_view(), name="api-import"),
    path("imports/<int:pk>/results/", bulk.ImportResults.as_view(), name="api-import-results"),
    path("imports/<int:pk>/rejected/", bulk.ImportRejected.as_view(), name="api-import-rejected"),
    path("cases/<int:pk>/", views.OneCase.as_view(), name="api-case"),
    path("cases/<int:pk>/assessment/", views.CaseAssessment.as_view(), name="api-case-assessment"),
    path("cases/<int:pk>/follow-ups/", rows.FollowUps.as_view(), name="api-case-follow-ups"),
    path("cases/<int:pk>/follow-ups/<int:position>/", rows.OneFollowUp.as_view(), name="api-case-follow-up"),
    path("cases/<int:pk>/complications/", rows.Complications.as_view(), name="api-case-complications"),
    path(
        "cases/<int:pk>/complications/<int:position>/",
        rows.OneComplication.as_view(),
        name="api-case-complication",
    ),
    path("cases/<int:pk>/recurrences/", rows.Recurrences.as_view(), name="api-case-recurrences"),
    path(
        "cases/<int:pk>/recurrences/<int:position>/", rows.OneRecurrence.as_view(), name="api-case-recurrence"
    ),
    path("cases/<int:pk>/death/", rows.TheDeath.as_view(), name="api-case-death"),
    path("cases/<int:pk>/history/", history.CaseHistory.as_view(), name="api-case-history"),
    path("cases/<int:pk>/transfer/", transfers.OfferTransfer.as_view(), name="api-case-transfer"),
    path("transfers/", transfers.Transfers.as_view(), name="api-transfers"),
    path("transfers/<int:pk>/", transfers.OneTransfer.as_view(), name="api-transfer"),
    path("transfers/<int:pk>/accept/", transfers.AcceptTransfer.as_view(), name="api-transfer-accept"),
    path("transfers/<int:pk>/decline/", transfers.DeclineTransfer.as_view(), name="api-transfer-decline"),
    path("transfers/<int:pk>/withdraw/", transfers.WithdrawTransfer.as_view(), name="api-transfer-withdraw"),
    path("transfers/<int:pk>/return/", transfers.ReturnTransfer.as_view(), name="api-transfer-return"),
    path("cases/<int:pk>/identity/", identity.CaseIdentity.as_view(), name="api-case-identity"),
    path("follow-ups/due/", work.FollowUpsDue.as_view(), name="api-follow-ups-due"),
    path("follow-ups/lost/", work.FollowUpsLost.as_view(), name="api-follow-ups-lost"),
    path("queries/", findings.Queries.as_view(), name="api-queries"),
    path("queries/<int:pk>/", findings.OneQuery.as_view(), name="api-query"),
    path("queries/<int:pk>/answer/", findings.AnswerQuery.as_view(), name="api-query-answer"),
    path("queries/<int:pk>/decide/", findings.DecideQuery.as_view(), name="api-query-decide"),
    path("deviations/", findings.Deviations.as_view(), name="api-deviations"),
    path("deviations/<int:pk>/", findings.OneDeviation.as_view(), name="api-deviation"),
    path("deviations/<int:pk>/explain/", findings.ExplainDeviation.as_view(), name="api-deviation-explain"),
    path("deviations/<int:pk>/decide/", findings.DecideDeviation.as_view(), name="api-deviation-decide"),
    path("algorithm/plan/", plans.AlgorithmPlan.as_view(), name="api-plan"),
    path("rules/", knowledge.Rules.as_view(), name="api-rules"),
    path("dictionary/", knowledge.Dictionary.as_view(), name="api-dictionary"),
]
