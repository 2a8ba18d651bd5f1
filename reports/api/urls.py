"""Addresses of reports and survival."""

from django.urls import path

from reports.api import views

urlpatterns = [
    path("reports/", views.Reports.as_view(), name="api-reports"),
    path("reports/<int:pk>/", views.OneReport.as_view(), name="api-report"),
    path("reports/<int:pk>/<str:name>", views.ReportDocument.as_view(), name="api-report-document"),
    path("survival/", views.SurvivalEstimate.as_view(), name="api-survival"),
]
